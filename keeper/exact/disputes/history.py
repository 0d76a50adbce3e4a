"""All events of one job in the chain's history."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from solders.pubkey import Pubkey
from solders.signature import Signature

from keeper.chain.feed import history
from keeper.chain.gateway import Gateway, LandedTransaction
from neurolov_client import Event, escrow, events_from_logs, staking, verdict


@dataclass(frozen=True, slots=True)
class LandedEvent:
    """An event, and the transaction that emitted it."""

    slot: int
    signature: Signature
    event: Event


async def job_transactions(gateway: Gateway, job: Pubkey) -> list[LandedTransaction]:
    """Returns the successful transactions of a job, oldest first; none of an unknown job."""
    # Some steps do not name the job, only accounts that belong to it.
    addresses = [
        job,
        verdict.verdict_address(job),
        escrow.escrow_address(job),
        verdict.receipt_address(job),
    ]
    return [landed async for landed in history(gateway, *addresses)]


async def job_events(gateway: Gateway, job: Pubkey) -> list[LandedEvent]:
    """Returns the job's events, oldest first; none of a job that the cluster never saw."""
    return [
        LandedEvent(landed.slot, landed.signature, event)
        for landed in await job_transactions(gateway, job)
        for event in of_job(events_from_logs(landed.logs), job)
    ]


def of_job(events: Iterable[Event], job: Pubkey) -> Iterator[Event]:
    """Yields the events of a transaction that are about a job, in order.

    A fine does not name the job: it belongs to the report of silence that follows it.
    """
    fine: staking.Fined | None = None
    for event in events:
        if isinstance(event, staking.Fined):
            fine = event
        elif getattr(event, "job", None) == job:
            if isinstance(event, verdict.SilenceReported) and fine is not None:
                yield fine
            yield event
        if isinstance(event, verdict.SilenceReported):
            fine = None
