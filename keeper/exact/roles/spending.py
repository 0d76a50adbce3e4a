"""Credits what came back of a buyer's jobs that have ended, whichever process saw their end."""

from collections.abc import Container

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.exact.disputes.bill import job_bill
from keeper.node.spending import SpendingLedger


async def settle(
    gateway: Gateway, ledger: SpendingLedger, buyer: Pubkey, still_open: Container[Pubkey]
) -> None:
    """Credit every job that is closed by now; raises ChainError.

    One that the chain has no history of stays counted: its posting may still be on its way.
    """
    for job, entry in ledger.entries().items():
        if entry.open and job not in still_open:
            bill = await job_bill(gateway, job, buyer)
            if bill.given:
                ledger.credit(job, bill.returned)
