"""Data-parallel SGD as paid jobs: per step, one gradient per shard and then their sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

from solders.pubkey import Pubkey

from keeper.data import BlobClient
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.state import JobSnapshot
from keeper.exact.roles import Buyer, JobMirror
from keeper.exact.roles.graphs import GraphRegistrar
from keeper.exact.roles.posting import JobPoster
from keeper.training.collection import Collected, Collector, is_committed
from keeper.training.errors import FallenError, TrainingError
from keeper.training.ledger import Ledger, Purpose
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
MOST_REPEATS = 3
Tell = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class BuyerServices:
    """What a buyer needs to post jobs. `source` is the URL that serves its store."""

    mirror: JobMirror
    buyer: Buyer
    graphs: GraphRegistrar
    poster: JobPoster
    client: BlobClient
    source: str
    offer: JobOffer


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step: the providers of its gradients, the leaves checked, and the seconds taken."""

    providers: tuple[Pubkey, ...]
    aggregator: Pubkey
    leaves: int
    seconds: float
    checking_seconds: float


class Trainer:
    """Runs a course's steps one after the other.

    A step begins as soon as the previous one is committed and its leaves are checked; ballots on it
    continue meanwhile. When a result is rejected, its step and all later steps are repeated.
    """

    def __init__(self, services: BuyerServices, course: Course, tell: Tell) -> None:
        self._services = services
        self._course = course
        self._tell = tell
        self._collector = Collector(services.client, services.mirror.gateway)
        self._graphs: list[Pubkey] = []
        self.ledger = Ledger(services.buyer.keep)

    async def register(self) -> None:
        """Register both graphs on chain, once for all steps."""
        registrar = self._services.graphs
        for graph in (self._course.gradient, self._course.sums.graph):
            self._graphs.append(await registrar.register(graph))

    async def run(self, steps: int) -> list[tuple[Weights, StepReport]]:
        """Returns the weights after each step with its report, once every job has ended.

        Raises TrainingError when results are rejected repeatedly, or as `step` does.
        """
        made: list[tuple[Weights, StepReport]] = []
        repeats = 0
        while True:
            try:
                while len(made) < steps:
                    weights = made[-1][0] if made else self._course.start()
                    made.append(await self.step(len(made), weights))
                await self._settle()
                return made
            except FallenError as error:
                if repeats == MOST_REPEATS:
                    raise
                repeats += 1
                self._tell(self._slot, f"{error}; going back to step {error.step}")
                self.ledger.supersede(error.step)
                del made[error.step :]

    async def step(self, number: int, weights: Weights) -> tuple[Weights, StepReport]:
        """Returns the weights after a step and its report.

        Raises TrainingError, naming the fault and its provider.
        """
        course, started = self._course, perf_counter()
        inputs = course.inputs(number, weights)
        jobs = [
            await self._post(0, each, Purpose(number, f"step {number}, shard {shard}"))
            for shard, each in enumerate(inputs)
        ]
        last = len(course.gradient.descriptors) - 1
        shares = [
            (snapshot, (await self._collector.collect(snapshot, course.gradient, [last]))[0])
            for snapshot in await self._committed(jobs)
        ]
        given = [weights.master, *(share.tensor for _, share in shares)]
        job = await self._post(1, given, Purpose(number, f"step {number}, sum"))
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

    async def _settle(self) -> None:
        mirror, jobs = self._services.mirror, self.ledger.purposes
        await self._until(lambda: not jobs.keys() & mirror.view.jobs.keys())

    @property
    def _slot(self) -> int:
        return self._services.mirror.view.slot

    async def _post(self, which: int, inputs: list[Array], purpose: Purpose) -> Pubkey:
        services = self._services
        graph = (self._course.gradient, self._course.sums.graph)[which]
        manifest = services.poster.store_workload(graph, inputs)
        job = await services.poster.post(
            self._graphs[which], manifest, inputs, services.offer, services.source
        )
        self.ledger.add(job, purpose)
        return job

    async def _committed(self, jobs: Sequence[Pubkey]) -> list[JobSnapshot]:
        def found() -> list[JobSnapshot]:
            view = self._services.mirror.view.jobs
            return [view[job] for job in jobs if job in view and is_committed(view[job])]

        await self._until(lambda: len(found()) == len(jobs))
        return found()

    async def _until(self, holds: Callable[[], bool]) -> None:
        mirror = self._services.mirror
        started = mirror.view.slot
        while True:
            if (fallen := self.ledger.note(mirror.view.jobs)) is not None:
                raise FallenError(fallen.purpose.step, str(fallen))
            if holds():
                return
            if mirror.view.slot > started + PATIENCE_SLOTS:
                raise TrainingError(f"nothing has happened for {PATIENCE_SLOTS} slots")
            await mirror.next_view()

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
