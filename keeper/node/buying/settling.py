"""Credits what came back of work that has ended, whichever process saw its end."""

from solders.pubkey import Pubkey

from keeper.chain.feed import history
from keeper.chain.gateway import Gateway
from keeper.node.buying.bill import bill_of
from keeper.node.buying.spending import SpendingLedger
from neurolov_client import escrow, events_from_logs


async def settle(gateway: Gateway, ledger: SpendingLedger, buyer: Pubkey) -> None:
    """Credit every job and task whose escrow is closed by now; raises ChainError.

    One that the chain has no history of stays counted: its posting may still be on its way.
    """
    for work, entry in ledger.entries().items():
        address = escrow.escrow_address(work)
        if not entry.open or await gateway.fetch(escrow.Escrow, address) is not None:
            continue
        landed = [each async for each in history(gateway, address)]
        events = [
            event
            for each in landed
            for event in events_from_logs(each.logs)
            if getattr(event, "job", None) == work
        ]
        bill = bill_of(buyer, landed, events, None, str)
        if bill.given:
            ledger.credit(work, bill.returned)
