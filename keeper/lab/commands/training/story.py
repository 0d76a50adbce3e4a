"""Runs a training from the first job to the last settlement and computes the same locally."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import mean

import numpy as np
import numpy.typing as npt

from keeper.amounts import NLOV
from keeper.compute import ComputeLane, SelectedExecutor, hasher_on, self_test
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles import Provider
from keeper.lab.commands.training.report import StepFigures, TrainingReport
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.balances import burned_by_rule, conserved, read_balances
from keeper.lab.market.marketplace import SLOT_MS, Marketplace, open_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.supervision import background
from keeper.training.measurement import seconds_alone_and_together
from keeper.training.plan import Performance
from keeper.training.trainer import BuyerServices, StepReport, Tell, Trainer
from kernels.graph.reference import NumpyExecutor
from kernels.trace.layout import Array
from kernels.training import Course, Weights, forward_graph

LONGER = 40


@dataclass(frozen=True, slots=True)
class Examination:
    """Held-out images int8 [M, ...] with their labels int64 [M]."""

    images: npt.NDArray[np.int8]
    labels: npt.NDArray[np.int64]

    def accuracy(self, course: Course, weights: Weights) -> float:
        """Returns the share of images that int8 weights classify correctly."""
        graph = forward_graph(course.network, len(self.images))
        images = self.images.reshape(graph.inputs[0].shape)
        found = NumpyExecutor().execute(graph, [images, weights.narrow])[-1]
        return float(np.mean(found.reshape(-1) == self.labels))


@dataclass(frozen=True, slots=True)
class Lesson:
    """A course with its number of steps (at least two), examination and verifiers per job."""

    course: Course
    steps: int
    examination: Examination
    verifiers: int

    @property
    def offer(self) -> JobOffer:
        """The offer of each job."""
        return JobOffer(NLOV, NLOV // 5, NLOV // 100, verifiers=self.verifiers)


async def train(
    lesson: Lesson, selected: SelectedExecutor, folder: Path, tell: Tell
) -> TrainingReport:
    """Runs a lesson on its own localnet; the first half calibrates the performance model."""
    course, steps, examination = lesson.course, lesson.steps, lesson.examination
    names = [f"provider {number + 1}" for number in range(len(course.shards))]
    rate = self_test(selected.executor).macs_per_slot(SLOT_MS / 1000)
    inputs = course.inputs(0, course.start())[0]
    # A GPU device belongs to one thread, so all providers take turns on it.
    nodes = [selected.executor] * (1 if selected.on_gpu else len(names))
    alone, together = seconds_alone_and_together(nodes, course.gradient, inputs)
    computation = together * len(names) / len(nodes)
    net = Localnet(programs=built_programs(), mint=localnet_mint(), port=0, slot_ms=SLOT_MS)
    async with net, open_marketplace(LocalnetVenue(net), folder, rate, names) as market:
        gateway, mint = market.services.gateway, market.parties.mint
        before = await read_balances(gateway, mint, market.parties.owners)
        burned = await burned_by_rule(gateway)
        trainer = Trainer(_services(market, lesson.offer), course, tell)
        crank = market.crank()
        async with AsyncExitStack() as stack:
            providers = _providers(market, names, selected, stack)
            roles = [*providers, *market.verifiers(hasher_on(selected.executor))]
            loops = [role.run() for role in (crank, market.buyer, *roles)]
            await stack.enter_async_context(background(market.mirror.run(), *loops))
            await trainer.register()
            tell(market.mirror.view.slot, "both graphs are registered")
            made = await trainer.run(steps)
            tell(market.mirror.view.slot, "every job is settled and closed")
            while crank.fee_shards:
                await market.mirror.next_view()
        after = await read_balances(gateway, mint, market.parties.owners)
        burned = await burned_by_rule(gateway) - burned
    expected = list(islice(course.run(NumpyExecutor()), LONGER + 1))
    work = course.multiply_adds
    calibrating = steps // 2
    # No ballots are running yet during the first step.
    calibrated = made[min(1, calibrating - 1) : calibrating]
    seconds = mean(report.seconds for _, report in calibrated)
    owners = {str(key): name for name, key in market.parties.owners.items()}
    ledger = trainer.ledger
    return TrainingReport(
        executor=selected.name,
        accuracy_before=examination.accuracy(course, course.start()),
        accuracy_after=examination.accuracy(course, made[-1][0]),
        steps=tuple(
            _figures(report, examination.accuracy(course, state), owners) for state, report in made
        ),
        multiply_adds=work,
        bit_exact=_same([state for state, _ in made], expected[1:]),
        longer_steps=LONGER,
        longer_accuracy=examination.accuracy(course, expected[-1]),
        calibrating=calibrating,
        prediction=Performance.of_step(
            work,
            [course.gradient.multiply_adds / alone] * len(names),
            seconds - computation,
            computation,
        ),
        jobs=len(ledger.endings),
        outcomes=ledger.outcomes,
        paid={owners[str(party)]: amount for party, amount in ledger.paid.items()},
        fees=sum(ending.fee for ending in ledger.endings),
        fallen=tuple(str(ending) for ending in ledger.endings if not ending.stands),
        conserved=conserved(before, after, burned),
    )


def _services(market: Marketplace, offer: JobOffer) -> BuyerServices:
    return BuyerServices(
        mirror=market.mirror,
        buyer=market.buyer,
        graphs=market.graphs,
        poster=market.poster,
        client=market.services.client,
        source=market.storages["buyer"].url,
        offer=offer,
    )


def _providers(
    market: Marketplace, names: Sequence[str], selected: SelectedExecutor, stack: AsyncExitStack
) -> list[Provider]:
    lanes = [None if selected.on_gpu else stack.enter_context(ComputeLane()) for _ in names]
    return [
        market.provider(name, selected.executor, lane)
        for name, lane in zip(names, lanes, strict=True)
    ]


def _figures(report: StepReport, accuracy: float, owners: dict[str, str]) -> StepFigures:
    return StepFigures(
        accuracy=accuracy,
        providers=tuple(owners[str(provider)] for provider in report.providers),
        aggregator=owners[str(report.aggregator)],
        leaves=report.leaves,
        seconds=report.seconds,
        checking_seconds=report.checking_seconds,
    )


def _same(found: Sequence[Weights], expected: Sequence[Weights]) -> bool:
    def tensors(weights: Weights) -> tuple[Array, Array]:
        return weights.master, weights.narrow

    return all(
        np.array_equal(*pair)
        for one, other in zip(found, expected, strict=False)
        for pair in zip(tensors(one), tensors(other), strict=True)
    )
