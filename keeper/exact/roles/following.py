"""Follows own jobs to their end, and keeps their results; see `Custody`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.data import BlobStore, OwnFault
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.roles.buyer import Buyer
from keeper.exact.roles.mirror import JobMirror
from keeper.exact.roles.outputs import Outputs
from keeper.exact.roles.results import FOLDER, Committed, JobRecord, ResultArchive, ResultError
from keeper.exact.roles.status import progress_line
from keeper.node.buying.custody import Custody, Tell
from keeper.node.buying.results import Result
from keeper.node.buying.submissions import Submissions
from keeper.node.connection import Connection
from keeper.node.services import Announced
from keeper.node.supervision import running
from keeper.node.vault import Salts

KIND = "jobs"
FETCH_TRIES = 5
"""How often a settled job's result is asked for, a slot apart, before the process gives up."""


def results_of(folder: Path) -> ResultArchive:
    """Returns how the jobs of a node's folder ended."""
    return ResultArchive(folder / FOLDER)


class Following(Custody[JobRecord]):
    """The jobs that this process follows; see `following`."""

    word = "job"

    def __init__(
        self, connection: Connection, mirror: JobMirror, store: BlobStore, tell: Tell
    ) -> None:
        """`store` holds the workloads."""
        self.mirror = mirror
        self.archive = results_of(connection.folder)
        self._connection = connection
        self._salts = Salts(connection.vault)
        self.buyer = Buyer(mirror, connection.submitter, connection.owner, self._salts, store)
        self._outputs = Outputs(connection, store, self.archive)
        announced = Announced(connection.folder, store)
        submissions = Submissions(connection.folder, KIND)
        super().__init__(mirror, self.buyer, submissions, announced, tell)

    def open(self) -> Mapping[Pubkey, JobSnapshot]:
        """Returns all jobs."""
        return self.mirror.view.jobs

    def belongs(self, address: Pubkey) -> bool:
        """Returns whether a job is the key's, and its salt is here."""
        own = self.open()[address].job.buyer == self._connection.owner
        return own and self._salts.get(address) is not None

    def record(self, address: Pubkey) -> JobRecord | None:
        """Returns how a job ended, None unless that is kept."""
        return self.archive.record(address)

    async def keep(self, address: Pubkey) -> None:
        """Keep a job's result once it has ended; see `Custody.keep`."""
        snapshot = await self._ended(address)
        if snapshot is None:
            return
        job, view = snapshot.job, self.mirror.view
        if job.state is JobState.EXPIRED and job.lease is None:
            self.tell(
                f"nobody claimed it; stake counts two windows of {view.checkpoint_slots} slots "
                "after it came"
            )
        committed = await Committed.found(self._connection.gateway, snapshot)
        settled = job.state is JobState.SETTLED
        result = await self._settled(snapshot, committed.stages) if settled else None
        self.archive.keep(snapshot, view.slot, result, committed)

    async def _ended(self, job: Pubkey) -> JobSnapshot | None:
        """Returns the job once it has ended, None where it was closed meanwhile.

        A result that is not served while it may be demanded is demanded.
        """
        told, fetched = "", False
        while (snapshot := self.open().get(job)) is not None:
            slot = self.mirror.view.slot
            line = progress_line(snapshot)
            if line != told:
                self.tell(f"slot {slot:,}: job {str(job)[:8]}: {line}")
                told = line
            if snapshot.job.ended:
                return snapshot
            judged = snapshot.verdict
            if judged is not None and judged.may_demand(slot) and not fetched:
                fetched = await self._tried(snapshot)
            await self.mirror.next_view()
        return None

    async def _tried(self, snapshot: JobSnapshot) -> bool:
        """Returns whether the result can be had; one that its provider withholds is missed."""
        try:
            await self._outputs.get(snapshot, Committed.of(snapshot).stages)
        except ResultError as error:
            self.tell(f"no result yet, it will be demanded: {error}")
            self.buyer.missing.add(snapshot.address)
            return False
        except OwnFault as error:
            # What this node cannot fetch by its own fault is no reason to demand it.
            self.tell(f"no result yet: {error}")
            return False
        return True

    async def _settled(self, snapshot: JobSnapshot, stages: tuple[Stage, ...]) -> Result:
        job = snapshot.address
        for left in reversed(range(FETCH_TRIES)):
            try:
                return await self._outputs.get(snapshot, stages)
            except (ResultError, OwnFault) as error:
                if left == 0:
                    raise ResultError(
                        f"job {job} is settled and paid, and its result cannot be had: {error}. "
                        "Nothing of it is closed, so try again later with: neurolov job follow "
                        f"{job}; or give the result up with: neurolov job close {job} "
                        "--without-result"
                    ) from error
            await self.mirror.next_view()
        raise AssertionError("the last try returns or raises")


@asynccontextmanager
async def following(
    connection: Connection, mirror: JobMirror, store: BlobStore, tell: Tell
) -> AsyncIterator[Following]:
    """Follow the own jobs of a folder during the block.

    `store` holds their workloads. `tell` is given each change.
    """
    found = Following(connection, mirror, store, tell)
    async with running(connection.services, found.buyer), asyncio.TaskGroup() as group:
        task = group.create_task(found.run())
        # Its tasks live in it, so it has to be under way before anything is taken.
        await asyncio.sleep(0)
        yield found
        task.cancel()
    await found.buyer.tidy(mirror.view)
