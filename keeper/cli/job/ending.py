"""What is told of a job that has ended: how, who was paid, where its result is, and the status."""

from dataclasses import asdict, dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.cli.buying.billing import bill_document, bill_lines, billed
from keeper.cli.options import KeyOptions, answer
from keeper.cli.outputs import Output
from keeper.exact.decisions.codes import JobState, Outcome
from keeper.exact.disputes.bill import job_bill
from keeper.exact.roles.results import JobRecord, ResultArchive
from keeper.node.buying.bill import Bill
from keeper.node.connection import Connection

NO_RESULT: Final = 1
"""The exit status of a command that leaves no result."""

UNCLAIMED: Final = {
    JobState.EXPIRED: "nobody claimed it in time",
    JobState.CANCELLED: "you cancelled it",
}
"""Why a job that nobody worked on has no result."""
VOIDED: Final = {
    Outcome.FRAUD: "its provider was proven wrong",
    Outcome.TRAP: "it was a trap, and its provider was proven wrong",
    Outcome.WITHHELD: "its provider did not show data that it was asked for",
    Outcome.UNAVAILABLE: "most verifiers could not get its data",
}
"""Why a job whose work was judged has no result."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended, where results are kept, and what it cost."""

    record: JobRecord
    archive: ResultArchive
    bill: Bill | None


async def ending_of(connection: Connection, record: JobRecord, archive: ResultArchive) -> Ending:
    """Returns how a job ended, with its bill from the chain's history."""
    job = Pubkey.from_string(record.job)
    bill = await billed(job_bill(connection.gateway, job, connection.owner))
    return Ending(record, archive, bill)


def ended(key: KeyOptions, ending: Ending, output: Output | None) -> int:
    """Writes a job's result where the user wants it, prints how it ended, returns the status."""
    record, archive, bill = ending.record, ending.archive, ending.bill
    job = Pubkey.from_string(record.job)
    result = archive.result(job)
    if result is not None and output is not None:
        output.write(result, archive.path(job))
    kept = archive.path(job) if result is not None else None
    document = asdict(record) | {
        "kept": None if kept is None else str(kept),
        "output": None if result is None or output is None else str(output.path),
        "reason": None if result is not None else _reason(record),
        "bill": bill_document(bill),
    }
    place = output.path if output is not None else kept
    told = f"no result: {_reason(record)}" if result is None else f"result:   {place}"
    state = f"job {job}: {record.state}, {record.outcome}"
    answer(document, key.as_json, state, told, *bill_lines(bill))
    return 0 if result is not None else NO_RESULT


def _reason(record: JobRecord) -> str:
    state, outcome = JobState[record.state.upper()], Outcome[record.outcome.upper()]
    found = VOIDED.get(outcome) or UNCLAIMED.get(state)
    return found or ("it was given up" if record.settled else "nothing was committed")
