"""What is told of a task that has ended: how, where its output is, and the command's status."""

from dataclasses import asdict

from solders.pubkey import Pubkey

from keeper.cli.options import KeyOptions, answer
from keeper.cli.outputs import Output
from keeper.tolerant.roles.archive import TaskArchive, TaskRecord

NO_OUTPUT = 1
"""The exit status of a command that leaves no output."""


def ended(key: KeyOptions, record: TaskRecord, archive: TaskArchive, output: Output | None) -> int:
    """Writes a task's output where the user wants it, prints how it ended, returns the status."""
    task = Pubkey.from_string(record.task)
    elements = archive.output(task)
    if elements is not None and output is not None:
        output.write(elements)
    place = output.path if output is not None else archive.path(task)
    told = "there is no output" if elements is None else f"the output is in {place}"
    answer(asdict(record), key.as_json, *record.lines, told)
    return 0 if elements is not None else NO_OUTPUT
