"""What is told of a task that has ended: how, who was paid, where its output is, and the status."""

from dataclasses import asdict, dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.cli.buying.billing import bill_document, bill_lines, billed
from keeper.cli.options import KeyOptions, answer
from keeper.cli.outputs import Output
from keeper.node.buying.bill import Bill
from keeper.node.connection import Connection
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.roles.archive import TaskArchive, TaskRecord
from keeper.tolerant.roles.bill import task_bill

NO_OUTPUT: Final = 1
"""The exit status of a command that leaves no output."""

REASONS: Final = {
    TaskState.UNDECIDED: "too few runs agreed",
    TaskState.CANCELLED: "too few providers joined",
}
"""Why a task that nobody was paid for has no output."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ended, where outputs are kept, and what it cost."""

    record: TaskRecord
    archive: TaskArchive
    bill: Bill | None


async def ending_of(connection: Connection, record: TaskRecord, archive: TaskArchive) -> Ending:
    """Returns how a task ended, with its bill from the chain's history."""
    task = Pubkey.from_string(record.task)
    bill = await billed(task_bill(connection.gateway, task, connection.owner))
    return Ending(record, archive, bill)


def ended(key: KeyOptions, ending: Ending, output: Output | None) -> int:
    """Writes a task's output where the user wants it, prints how it ended, returns the status."""
    record, archive, bill = ending.record, ending.archive, ending.bill
    task = Pubkey.from_string(record.task)
    elements = archive.output(task)
    if elements is not None and output is not None:
        output.write(elements, archive.path(task))
    reason = None
    if elements is None:
        reason = REASONS.get(TaskState[record.state.upper()], "no provider served it")
    place = output.path if output is not None else archive.path(task)
    told = f"no output: {reason}" if elements is None else f"output:   {place}"
    document = asdict(record) | {"reason": reason, "bill": bill_document(bill)}
    answer(document, key.as_json, *record.lines, told, *bill_lines(bill))
    return 0 if elements is not None else NO_OUTPUT
