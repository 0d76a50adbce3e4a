"""Runs a model as a paid job of the exact class."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.compute import (
    SelectedExecutor,
    commit_segment,
    hasher_on,
    select_executor,
    self_test,
)
from keeper.configuration import Preference
from keeper.data import NamedOutput
from keeper.errors import BadInputError
from keeper.exact.decisions.codes import JobState
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.state import Job
from keeper.exact.roles import Verifier
from keeper.exact.roles.provider import ExecutionCost
from keeper.exact.roles.results import Committed, fetch_result
from keeper.exact.roles.traces import TraceFetcher
from keeper.lab.bench.models.figures import ModelFigures
from keeper.lab.bench.models.measuring import (
    Subject,
    UnsettledError,
    int8_of,
    patiently,
    slot_ms,
    timed,
    until_ended,
)
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.marketplace import ASK, PROVIDERS, Marketplace, open_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.supervision import background
from kernels.graph import Graph, Opcode
from kernels.onnx.quantisation import quantise, report_on_float
from kernels.trace import CommittedOutputs
from kernels.trace.layout import Array
from neurolov_client.bindings.job_registry import ASK_MACS


@dataclass(frozen=True, slots=True)
class SettledJob:
    """The outputs that the buyer fetched of a settled job, and what the job cost."""

    outputs: list[Array]
    cost: ExecutionCost
    checked_macs: int


class RefusedError(BadInputError):
    """The exact graph is too far from its model."""


def measure_exact(subject: Subject) -> ModelFigures:
    """Returns the figures of a model as a job.

    Raises what rules it out: LoweringError, CalibrationError, RefusedError, a KeeperError of the
    market.
    """
    selected = select_executor(Preference.AUTO)
    lowered = quantise(subject.model, subject.split.calibration)
    report = report_on_float(subject.model, lowered, subject.split, selected.executor.execute)
    if report.faults:
        entering = () if report.origin is None else (report.origin.line,)
        raise RefusedError("; ".join((*report.faults, *entering)))
    graph = lowered.graph
    inputs = lowered.interface.encode(subject.feeds)
    seconds, committed = timed(lambda: _committed(selected, graph, inputs))
    trace_bytes = sum(spec.stored_bytes for spec in graph.outputs)
    wanted = [port.operator for port in lowered.interface.outputs if port.operator is not None]
    settle = partial(_settle, graph, inputs, wanted, selected)
    job = patiently(settle, slot_ms(seconds, trace_bytes))
    worst = min(report.outputs, key=lambda each: each.snr_db)
    ratios = [each.error_vs_ort_int8 for each in report.outputs]
    return ModelFigures(
        settled=True,
        executor=selected.name,
        snr_db=worst.snr_db,
        error=worst.error,
        error_vs_ort_int8=max((ratio for ratio in ratios if ratio is not None), default=None),
        seconds=seconds,
        execution_seconds=seconds - committed.hashing_seconds,
        job_seconds=job.cost.execution_seconds + job.cost.commitment_seconds,
        vs_ort=seconds / (int8_of(subject) or subject.reference).seconds(subject.shipped_feeds),
        trace_bytes=trace_bytes,
        multiply_adds=graph.multiply_adds,
        operators=len(graph.descriptors),
        checked_share=_checked_share(graph, job.checked_macs),
        wrong=not all(
            np.array_equal(found, committed.outputs[operator])
            for found, operator in zip(job.outputs, wanted, strict=True)
        ),
    )


def _checked_share(graph: Graph, checked_macs: int) -> float:
    """Returns what a verifier spent as a part of the products and convolutions of a graph.

    Depthwise convolutions, which a verifier computes again, are left out on both sides.
    """
    again = sum(each.multiply_adds for each in graph.descriptors if each.opcode is Opcode.DEPTHWISE)
    products = graph.multiply_adds - again
    return max(checked_macs - again, 0) / products if products else 0.0


def _committed(
    selected: SelectedExecutor, graph: Graph, inputs: Sequence[Array]
) -> CommittedOutputs:
    every = range(len(graph.descriptors))
    return commit_segment(selected.executor, graph, every, inputs, [])


def _settle(
    graph: Graph,
    inputs: Sequence[Array],
    wanted: Sequence[int],
    selected: SelectedExecutor,
    slot: int,
) -> SettledJob:
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        return asyncio.run(_settled(graph, inputs, wanted, selected, Path(folder), slot))


async def _settled(  # noqa: PLR0917
    graph: Graph,
    inputs: Sequence[Array],
    wanted: Sequence[int],
    selected: SelectedExecutor,
    folder: Path,
    slot: int,
) -> SettledJob:
    outputs = tuple(NamedOutput(f"output {at}", at) for at in wanted)
    rate = self_test(selected.executor).macs_per_slot(slot / 1000)
    net = Localnet(programs=built_programs(), mint=localnet_mint(), port=0, slot_ms=slot)
    async with net, open_marketplace(LocalnetVenue(net), folder, rate) as market:
        provider = market.provider(PROVIDERS[0], selected.executor)
        verifiers = market.verifiers(hasher_on(selected.executor))
        roles = [provider, *verifiers, market.crank(), market.buyer]
        async with background(market.mirror.run(), *(role.run() for role in roles)):
            address = await market.graphs.register(graph)
            manifest = market.poster.store_workload(graph, inputs, outputs)
            url = market.storages["buyer"].url
            job = await market.poster.post(address, manifest, inputs, _offer(graph), url)
            market.buyer.keep.add(job)
            found = await _result(market, graph, job, outputs)
        return SettledJob(found, provider.costs[job], _most_checked(verifiers, job))


async def _result(
    market: Marketplace, graph: Graph, job: Pubkey, outputs: Sequence[NamedOutput]
) -> list[Array]:
    """Returns the outputs once the job is settled.

    Raises UnsettledError where it ends otherwise.
    """

    def look() -> Job | None:
        snapshot = market.mirror.view.jobs.get(job)
        return None if snapshot is None else snapshot.job

    await until_ended(market.mirror, look, "the job")
    snapshot = market.mirror.view.jobs[job]
    if snapshot.job.state is not JobState.SETTLED:
        outcome = Committed.of(snapshot).outcome.name.lower()
        raise UnsettledError(f"the job ended as {snapshot.job.state.name.lower()}: {outcome}")
    services = market.services
    traces = TraceFetcher(services.client, services.gateway)
    found = await fetch_result(traces, snapshot, graph, outputs=outputs)
    return list(found.values()) if isinstance(found, dict) else [found]


def _offer(graph: Graph) -> JobOffer:
    price = NLOV + 2 * ASK * graph.multiply_adds // ASK_MACS
    return JobOffer(price=price, verification_fee=NLOV // 5, tip=NLOV // 100)


def _most_checked(verifiers: Sequence[Verifier], job: Pubkey) -> int:
    found = (verifier.verdicts.get(job) for verifier in verifiers)
    return max((verdict.cost.macs for verdict in found if verdict is not None), default=0)
