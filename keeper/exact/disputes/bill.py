"""What a job cost its buyer in the end, and to whom it went."""

from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.exact.disputes.audit import Parties
from keeper.exact.disputes.history import job_transactions, of_job
from keeper.node.buying.bill import Bill, bill_of, open_escrow
from neurolov_client import events_from_logs


async def job_bill(gateway: Gateway, job: Pubkey, buyer: Pubkey) -> Bill:
    """Returns the bill of a job by the chain's history; raises ChainError."""
    held = await open_escrow(gateway, job)
    landed = await job_transactions(gateway, job)
    events = [event for each in landed for event in of_job(events_from_logs(each.logs), job)]
    return bill_of(buyer, landed, events, held, Parties(job, events).name)
