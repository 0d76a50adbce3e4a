"""Data-parallel SGD as paid jobs: a gradient a shard, then their sum, step after step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from solders.pubkey import Pubkey

from keeper.data import BlobClient
from keeper.jobs.state import JobSnapshot
from keeper.roles import Buyer, ChainMirror
from keeper.roles.orders import JobTerms, OrderDesk
from keeper.training.collection import Collected, Collector, is_committed
from keeper.training.errors import TrainingError
from keeper.training.ledger import Ledger
from kernels.graph import Graph
from kernels.trace import inputs_root, tensor_root
from kernels.trace.layout import Array
from kernels.training import (
    Aggregate,
    AggregationError,
    Contribution,
    Course,
    Part,
    Weights,
    check_aggregation,
)

PATIENCE_SLOTS = 3_000
Tell = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a buyer orders; source is the URL at which its store is served."""

    mirror: ChainMirror
    buyer: Buyer
    desk: OrderDesk
    client: BlobClient
    source: str
    terms: JobTerms


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step: whose gradients were added, leaves found right, and where the seconds went."""

    providers: tuple[Pubkey, ...]
    aggregator: Pubkey
    leaves: int
    seconds: float
    checking_seconds: float


class Trainer:
    """Orders a course's steps one after the other.

    A step begins as soon as the one before is committed and its leaves are right; its ballots go on
    meanwhile. A job that is voided ends the training with the next look.
    """

    def __init__(self, counter: Counter, course: Course, tell: Tell) -> None:
        self._counter = counter
        self._course = course
        self._tell = tell
        self._collector = Collector(counter.client, counter.mirror.gateway)
        self._graphs: list[Pubkey] = []
        self.ledger = Ledger(counter.buyer)

    async def register(self) -> None:
        """Put both graphs on chain, once for all steps."""
        desk = self._counter.desk
        for graph in (self._course.gradient, self._course.sums.graph):
            self._graphs.append(await desk.register_graph(graph))

    async def step(self, number: int, weights: Weights) -> tuple[Weights, StepReport]:
        """The weights after a step; TrainingError names what is wrong, and whose it is."""
        course, started = self._course, perf_counter()
        inputs = course.inputs(number, weights)
        jobs = [
            await self._post(0, course.gradient, each, f"step {number}, shard {shard}")
            for shard, each in enumerate(inputs)
        ]
        last = len(course.gradient.descriptors) - 1
        shares = [
            (snapshot, (await self._collector.collect(snapshot, course.gradient, [last]))[0])
            for snapshot in await self._committed(jobs)
        ]
        given = [weights.master, *(share.tensor for _, share in shares)]
        job = await self._post(1, course.sums.graph, given, f"step {number}, sum")
        (summed,) = await self._committed([job])
        sums = course.sums
        found = await self._collector.collect(
            summed, sums.graph, [sums.total, sums.master, sums.weights]
        )
        checking = perf_counter()
        parts = [
            Part(shard, inputs_root([tensor_root(array) for array in each]))
            for shard, each in enumerate(inputs)
        ]
        leaves = self._check(
            parts,
            shares,
            Aggregate(
                provider=str(found[0].provider),
                input_root=summed.job.input_root,
                master_root=tensor_root(weights.master),
                given=tuple(given[1:]),
                total=found[0].opened,
            ),
        )
        ended = perf_counter()
        providers = tuple(share.provider for _, share in shares)
        self._tell(self._slot, f"step {number}: {leaves} leaves of {len(jobs)} gradients add up")
        report = StepReport(providers, found[0].provider, leaves, ended - started, ended - checking)
        return Weights(found[1].tensor, found[2].tensor), report

    async def settle(self) -> None:
        """Wait until every job is settled and closed."""
        mirror = self._counter.mirror
        jobs = set(self.ledger.open_jobs) | {each.job for each in self.ledger.settled}
        await self._until(lambda: not jobs & set(mirror.view.jobs))

    @property
    def _slot(self) -> int:
        return self._counter.mirror.view.slot

    async def _post(self, which: int, graph: Graph, inputs: list[Array], title: str) -> Pubkey:
        counter = self._counter
        manifest = counter.desk.store_material(graph, inputs)
        job = await counter.desk.post(
            self._graphs[which], manifest, inputs, counter.terms, counter.source
        )
        self.ledger.add(job, title)
        return job

    async def _committed(self, jobs: Sequence[Pubkey]) -> list[JobSnapshot]:
        def found() -> list[JobSnapshot]:
            view = self._counter.mirror.view.jobs
            return [view[job] for job in jobs if job in view and is_committed(view[job])]

        await self._until(lambda: len(found()) == len(jobs))
        return found()

    async def _until(self, holds: Callable[[], bool]) -> None:
        mirror = self._counter.mirror
        started = mirror.view.slot
        while True:
            self.ledger.note(dict(mirror.view.jobs))
            if holds():
                return
            if mirror.view.slot > started + PATIENCE_SLOTS:
                waiting = ", ".join(self.ledger.open_jobs.values())
                raise TrainingError(f"nothing has happened for {PATIENCE_SLOTS} slots: {waiting}")
            await mirror.next_look()

    def _check(
        self,
        parts: Sequence[Part],
        shares: Sequence[tuple[JobSnapshot, Collected]],
        aggregate: Aggregate,
    ) -> int:
        contributions = {
            part.shard: Contribution(str(share.provider), snapshot.job.input_root, share.opened)
            for part, (snapshot, share) in zip(parts, shares, strict=True)
        }
        positions = len(self._course.gradient.descriptors) - 1, self._course.sums.total
        shape = self._course.gradient.outputs[-1].shape
        try:
            return check_aggregation(parts, contributions, aggregate, positions, shape)
        except AggregationError as error:
            raise TrainingError(str(error)) from error
