"""What is told of a job that has ended: how, where its result is, and the command's status."""

from dataclasses import asdict

from solders.pubkey import Pubkey

from keeper.cli.options import KeyOptions, answer
from keeper.cli.outputs import Output
from keeper.exact.roles.results import JobRecord, ResultArchive

NO_RESULT = 1
"""The exit status of a command that leaves no result."""


def ended(key: KeyOptions, record: JobRecord, archive: ResultArchive, output: Output | None) -> int:
    """Writes a job's result where the user wants it, prints how it ended, returns the status."""
    job = Pubkey.from_string(record.job)
    result = archive.result(job)
    if result is not None and output is not None:
        output.write(result)
    kept = archive.path(job) if result is not None else None
    document = asdict(record) | {
        "kept": None if kept is None else str(kept),
        "output": None if result is None or output is None else str(output.path),
    }
    place = output.path if output is not None else kept
    told = "there is no result" if result is None else f"the result is in {place}"
    answer(document, key.as_json, f"job {job}: {record.state}, {record.outcome}", told)
    return 0 if result is not None else NO_RESULT
