"""The jobs of one key: each as it stands, all of them, one taken back, one given up."""

from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore
from keeper.errors import BadInputError
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import Job, JobSnapshot
from keeper.exact.roles.buyer import Buyer
from keeper.exact.roles.following import KIND, results_of
from keeper.exact.roles.mirror import JobMirror, View, job_mirror
from keeper.exact.roles.outputs import Outputs
from keeper.exact.roles.results import Committed, JobRecord
from keeper.exact.roles.submission import UnknownJobError
from keeper.node.buying.custody import Tell
from keeper.node.buying.results import Result
from keeper.node.buying.submissions import HeldElsewhereError, Submissions
from keeper.node.connection import Connection, Reading
from keeper.node.supervision import running
from keeper.node.vault import Salts


@dataclass(frozen=True, slots=True)
class OwnJob:
    """A job of the key, open or closed.

    `paid` is what the buyer has paid so far in base units, None where that is not known here.
    `kept` says that the result is in this folder, `submitted_here` that its salt is.
    """

    job: str
    state: str
    outcome: str | None
    open: bool
    posted_slot: int | None
    paid: int | None
    kept: bool
    submitted_here: bool

    def document(self) -> dict[str, Any]:
        """Returns it for JSON."""
        return {
            "job": self.job,
            "state": self.state,
            "outcome": self.outcome,
            "open": self.open,
            "posted_slot": self.posted_slot,
            "paid": self.paid,
            "result_kept": self.kept,
            "submitted_here": self.submitted_here,
        }


async def own_jobs(reading: Reading) -> list[OwnJob]:
    """Returns the jobs of a key: those open on the chain, and those that this folder remembers.

    The newest come first. Raises ChainError.
    """
    view = (await job_mirror(reading)).view
    archive, submissions = results_of(reading.folder), Submissions(reading.folder, KIND)
    here = submissions.by_address()
    found = [
        _open(snapshot, archive.record(job), str(job) in here)
        for job, snapshot in view.jobs.items()
        if snapshot.job.buyer == reading.owner
    ]
    known = {each.job for each in found}
    found += [
        OwnJob(
            job=record.job,
            state=record.state,
            outcome=record.outcome,
            open=False,
            posted_slot=record.posted_slot,
            paid=record.paid,
            kept=record.result,
            submitted_here=record.job in here,
        )
        for record in archive.records()
        if record.job not in known
    ]
    return sorted(found, key=lambda each: each.posted_slot or 0, reverse=True)


def _open(snapshot: JobSnapshot, record: JobRecord | None, here: bool) -> OwnJob:
    job, verdict = snapshot.job, snapshot.verdict
    return OwnJob(
        job=str(job.address),
        state=job.state.name.lower(),
        outcome=None if verdict is None else verdict.outcome.name.lower(),
        open=True,
        posted_slot=job.posted_slot,
        paid=snapshot.paid,
        kept=record is not None and record.result,
        submitted_here=here,
    )


async def find_job(reading: Reading, address: Pubkey) -> JobSnapshot | JobRecord:
    """Returns a job as it stands, or how it ended; raises UnknownJobError."""
    view = (await job_mirror(reading)).view
    return view.jobs.get(address) or _record(reading, address)


def followable(
    connection: Connection, mirror: JobMirror, address: Pubkey, tell: Tell
) -> tuple[Job | None, JobRecord | None]:
    """Returns an own job that is open, or how it ended where it is closed.

    `tell` is given what this folder lacks of a job that another folder posted. Raises
    UnknownJobError, and BadInputError where the job is another key's.
    """
    if address not in mirror.view.jobs:
        return None, _record(connection, address)
    job = _own_job(connection, mirror, address).job
    if Salts(connection.vault).get(address) is None:
        tell(
            f"job {address} was posted from another folder or machine: its salt and its data are "
            "not here, so that this process can only wait, and fetch the result"
        )
    return job, None


async def job_result(reading: Reading, address: Pubkey) -> Result:
    """Returns a job's result, kept or fetched, and checked against what was committed.

    A result that is fetched for a settled job of the key is kept. Raises BadInputError where there
    is no such job, ResultError, WorkloadError and OwnFault.
    """
    archive = results_of(reading.folder)
    if (kept := archive.result(address)) is not None:
        return kept
    view = (await job_mirror(reading)).view
    snapshot = _open_job(reading, view, address)
    store = BlobStore(reading.folder, DEFAULT_QUOTA_BYTES)
    committed = await Committed.found(reading.gateway, snapshot)
    result = await Outputs(reading, store).get(snapshot, committed.stages)
    if snapshot.job.state is JobState.SETTLED and snapshot.job.buyer == reading.owner:
        archive.keep(snapshot, view.slot, result, committed)
    return result


async def cancel_job(connection: Connection, address: Pubkey) -> None:
    """Take back a job that nobody has claimed; raises BadInputError on any other."""
    mirror = await job_mirror(connection)
    snapshot = _own_job(connection, mirror, address)
    if snapshot.job.state is not JobState.POSTED or snapshot.job.progress:
        state = snapshot.job.state.name.lower()
        raise BadInputError(f"job {address} is {state}; only an unclaimed job is cancelled")
    buyer = _buyer_of(connection, mirror, address)
    buyer.cancelling.add(address)
    await _closed(connection, mirror, buyer, address)


async def give_up(connection: Connection, address: Pubkey) -> None:
    """Close an ended job whose result is not kept, and never ask for the result again.

    Raises BadInputError on a job that has not ended.
    """
    mirror = await job_mirror(connection)
    snapshot = _own_job(connection, mirror, address)
    if not snapshot.job.ended:
        state = snapshot.job.state.name.lower()
        raise BadInputError(f"job {address} is {state}; only a job that has ended is closed")
    with Submissions(connection.folder, KIND).following(address) as mine:
        if not mine:
            raise HeldElsewhereError(f"another process of this folder follows job {address}")
    await _closed(connection, mirror, _buyer_of(connection, mirror, address), address)


async def _closed(connection: Connection, mirror: JobMirror, buyer: Buyer, address: Pubkey) -> None:
    """Wait until a job is closed, once how it ended is on record.

    Where another process follows the job, that process closes it as soon as it has ended.
    """
    archive = results_of(connection.folder)
    with Submissions(connection.folder, KIND).following(address) as mine:
        async with running(connection.services, buyer):
            while (snapshot := mirror.view.jobs.get(address)) is not None:
                if snapshot.job.ended and mine and address in buyer.keep:
                    if archive.record(address) is None:
                        committed = await Committed.found(connection.gateway, snapshot)
                        archive.keep(snapshot, mirror.view.slot, None, committed)
                    buyer.keep.discard(address)
                    mirror.wake()
                await mirror.next_view()


def _buyer_of(connection: Connection, mirror: JobMirror, address: Pubkey) -> Buyer:
    buyer = Buyer(mirror, connection.submitter, connection.owner, Salts(connection.vault))
    buyer.followed = {address}
    buyer.keep.add(address)
    return buyer


def _own_job(connection: Connection, mirror: JobMirror, address: Pubkey) -> JobSnapshot:
    snapshot = _open_job(connection, mirror.view, address)
    if snapshot.job.buyer != connection.owner:
        raise BadInputError(f"job {address} belongs to {snapshot.job.buyer}")
    return snapshot


def _open_job(reading: Reading, view: View, address: Pubkey) -> JobSnapshot:
    snapshot = view.jobs.get(address)
    if snapshot is None:
        record = _record(reading, address)
        raise BadInputError(f"job {address} is closed: {record.state}, {record.outcome}")
    return snapshot


def _record(reading: Reading, address: Pubkey) -> JobRecord:
    record = results_of(reading.folder).record(address)
    if record is None:
        raise UnknownJobError(f"unknown job {address}; check the address and the cluster's URL")
    return record
