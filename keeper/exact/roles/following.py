"""Follows own jobs to their end: nothing of a job is closed before its result is kept.

A process takes every open job of its folder that no other process follows, so that whichever buyer
runs, the salts are revealed, missing data are demanded and results are kept.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from solders.pubkey import Pubkey

from keeper.chain.errors import ChainError
from keeper.data import BlobStore, DataError, JobManifest, OwnFault, ReservationKind, borrowed
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.state import JobSnapshot, Stage
from keeper.exact.roles.buyer import Buyer
from keeper.exact.roles.mirror import JobMirror
from keeper.exact.roles.results import (
    FOLDER,
    Committed,
    JobRecord,
    ResultArchive,
    ResultError,
    fetch_result,
)
from keeper.exact.roles.status import progress_line
from keeper.exact.roles.traces import TraceFetcher
from keeper.exact.roles.workload import WorkloadFetcher
from keeper.node.connection import Connection, Reading
from keeper.node.errors import RoleError, WorkloadError
from keeper.node.submissions import HeldElsewhereError, Submissions
from keeper.node.supervision import running
from keeper.node.vault import Salts
from kernels.graph import Graph, GraphError
from kernels.graph.file import load
from kernels.trace.layout import Array

KIND = "jobs"
FETCH_TRIES = 5
"""How often a settled job's result is asked for, a slot apart, before the process gives up."""

Tell = Callable[[str], None]


def results_of(folder: Path) -> ResultArchive:
    """Returns how the jobs of a node's folder ended."""
    return ResultArchive(folder / FOLDER)


class Following:
    """The jobs that this process follows; see `following`."""

    def __init__(
        self, connection: Connection, mirror: JobMirror, store: BlobStore, tell: Tell
    ) -> None:
        self.mirror = mirror
        self.archive = results_of(connection.folder)
        self._connection = connection
        self._store = store
        self._salts = Salts(connection.vault)
        self._submissions = Submissions(connection.folder, KIND)
        self._tell = tell
        self.buyer = Buyer(mirror, connection.submitter, connection.owner, self._salts, store)
        self.buyer.followed = set()
        self._outputs = Outputs(connection, store)
        self._held = ExitStack()
        self._failed: dict[Pubkey, RoleError] = {}
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Follow every open job of the folder that nobody follows, until cancelled."""
        with self._held:
            async with self._group:
                while True:
                    for job, snapshot in self.mirror.view.jobs.items():
                        mine = snapshot.job.buyer == self._connection.owner
                        if mine and self._salts.get(job) is not None:
                            self.take(job)
                    await self.mirror.next_view()

    def take(self, job: Pubkey) -> bool:
        """Follow an open job from now on; returns whether this process does."""
        followed = self.buyer.followed
        assert followed is not None
        if job in followed:
            return True
        with ExitStack() as holding:
            if not holding.enter_context(self._submissions.following(job)):
                return False
            self._held.push(holding.pop_all())
        if self.archive.record(job) is None:
            self.buyer.keep.add(job)
        followed.add(job)
        self._group.create_task(self._follow(job))
        return True

    def open_jobs(self) -> list[Pubkey]:
        """Returns the jobs that this process follows and that are still open."""
        followed = self.buyer.followed or set()
        return [job for job in self.mirror.view.jobs if job in followed]

    async def closed(self, job: Pubkey) -> JobRecord:
        """Returns how a job ended, once nothing of it is open any more.

        Raises ResultError where it is settled and its result cannot be had, and leaves it open.
        Raises HeldElsewhereError where another process follows it.
        """
        if job in self.mirror.view.jobs and not self.take(job):
            raise HeldElsewhereError(
                f"another process of this folder follows job {job}, and keeps its result"
            )
        while True:
            if (error := self._failed.get(job)) is not None:
                raise error
            if job not in self.mirror.view.jobs:
                break
            await self.mirror.next_view()
        record = self.archive.record(job)
        if record is None:
            raise ResultError(
                f"job {job} was closed by another process or machine of the same key; its result "
                "is where that process keeps it"
            )
        return record

    async def _follow(self, job: Pubkey) -> None:
        try:
            snapshot = await self._ended(job)
            if snapshot is not None and self.archive.record(job) is None:
                await self._keep(snapshot)
        except (ChainError, RoleError, DataError, OSError) as error:
            # The accounts stay open, so that whoever follows the job next may have more luck.
            told = error if isinstance(error, ResultError) else ResultError(f"job {job}: {error}")
            self._failed[job] = told
            self._tell(str(told))
        else:
            self.buyer.keep.discard(job)
        self.mirror.wake()

    async def _ended(self, job: Pubkey) -> JobSnapshot | None:
        """Returns the job once it has ended, None where it was closed meanwhile.

        A result that is not served while it may be demanded is demanded.
        """
        told, fetched = "", False
        while (snapshot := self.mirror.view.jobs.get(job)) is not None:
            slot = self.mirror.view.slot
            line = progress_line(snapshot)
            if line != told:
                self._tell(f"slot {slot}: job {job} {line}")
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
            self._tell(f"no result yet, it will be demanded: {error}")
            self.buyer.missing.add(snapshot.address)
            return False
        except OwnFault as error:
            # What this node cannot fetch by its own fault is no reason to demand it.
            self._tell(f"no result yet: {error}")
            return False
        return True

    async def _keep(self, snapshot: JobSnapshot) -> None:
        job, view = snapshot.job, self.mirror.view
        if job.state is JobState.EXPIRED and job.lease is None:
            self._tell(
                f"nobody claimed it; stake counts two windows of {view.checkpoint_slots} slots "
                "after it came"
            )
        committed = await Committed.found(self._connection.gateway, snapshot)
        result = None
        if job.state is JobState.SETTLED:
            result = await self._settled(snapshot, committed.stages)
        self.archive.keep(snapshot, view.slot, result, committed)

    async def _settled(self, snapshot: JobSnapshot, stages: tuple[Stage, ...]) -> Array:
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
        raise AssertionError("unreachable")


class Outputs:
    """Results of own jobs: each is fetched once for the stages that committed it."""

    def __init__(self, reading: Reading, store: BlobStore) -> None:
        self._traces = TraceFetcher(reading.client, reading.gateway)
        self._workloads = WorkloadFetcher(reading.client, store, reading.lane)
        self._lane = reading.lane
        self._store = store
        self._fetched: dict[Pubkey, tuple[tuple[Stage, ...], Array]] = {}

    async def get(self, snapshot: JobSnapshot, stages: tuple[Stage, ...]) -> Array:
        """Returns the result that stages commit to.

        Raises ResultError where its provider does not serve it, WorkloadError where the graph
        cannot be had, and an OwnFault.
        """
        job = snapshot.address
        known = self._fetched.get(job)
        if known is not None and known[0] == stages:
            return known[1]
        result = await fetch_result(self._traces, snapshot, await self._graph(snapshot), stages)
        self._fetched[job] = stages, result
        return result

    async def _graph(self, snapshot: JobSnapshot) -> Graph:
        listed = snapshot.job.manifest.hex()
        try:
            return await self._lane.run(self._own_graph, listed, snapshot.job.spec_root)
        except (DataError, GraphError, WorkloadError):
            # It was posted from another folder, whose process may serve it.
            reservation = self._store.reservation(ReservationKind.JOBS, str(snapshot.address))
            with borrowed(reservation):
                return (await self._workloads.get(snapshot.job)).graph

    def _own_graph(self, listed: str, spec_root: bytes) -> Graph:
        graph = load(self._store.get(JobManifest.from_bytes(self._store.get(listed)).graph))
        if graph.spec_root != spec_root:
            raise WorkloadError("the graph's hash is not the registered one")
        return graph


@asynccontextmanager
async def following(
    connection: Connection, mirror: JobMirror, store: BlobStore, tell: Tell
) -> AsyncIterator[Following]:
    """Follow the own jobs of a folder during the block; see `Following`.

    `store` holds their workloads. `tell` is given each change.
    """
    found = Following(connection, mirror, store, tell)
    async with running(connection.services, found.buyer), asyncio.TaskGroup() as group:
        task = group.create_task(found.run())
        await asyncio.sleep(0)
        yield found
        task.cancel()
    await found.buyer.tidy(mirror.view)
