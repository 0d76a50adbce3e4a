"""Runs a model as a paid task of the tolerant class."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
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
from keeper.lab.bench.models.reference import Outputs
from keeper.lab.localnet import Localnet
from keeper.lab.localnet.deployment import built_programs, localnet_mint
from keeper.lab.market.tolerant import TASK_PROVIDERS, TaskMarketplace, open_task_marketplace
from keeper.lab.market.venue import LocalnetVenue
from keeper.node.supervision import background
from keeper.tolerant.decisions.codes import TaskState
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.state import Task
from keeper.tolerant.roles.revealed_outputs import OutputFetcher
from keeper.tolerant.roles.runs import output_root
from kernels.custom import KernelPackage, RunLimits, Tolerance, run_package, split
from kernels.onnx.quantisation.accuracy import Gap
from kernels.onnx.tolerant import TolerantRunner
from kernels.onnx.tolerant.packaging import Packaged, package

OFFER = TaskOffer(price=10 * NLOV, tip=NLOV // 100)
ABSOLUTE, RELATIVE = 1e-4, 1e-3
LIMITS = RunLimits(deadline_seconds=300.0, memory_bytes=8 << 30)
FETCH_SECONDS = 60.0
# An output further than this from onnxruntime's is wrong.
WORST_SNR_DB = 40.0


def measure_tolerant(subject: Subject) -> ModelFigures:
    """Returns the figures of a model as a task.

    Raises what rules it out: UnsupportedOperator, BadInput, PackageError, RunError, a KeeperError
    of the market.
    """
    packaged = package(subject.model, "model", {}, Tolerance.rounded(ABSOLUTE, RELATIVE, 0))
    feeds = subject.feeds
    inputs = [port.encode(feeds[port.name]) for port in packaged.inputs]
    inputs += [lanes.tobytes() for lanes in packaged.weights]
    started = perf_counter()
    output = run_package(packaged.package, inputs, limits=LIMITS)
    alone = perf_counter() - started
    runner = TolerantRunner(None)
    inputs_of = {port.name for port in subject.model.graph.input}
    given = {name: array for name, array in feeds.items() if name in inputs_of}
    prepared = runner.prepare(subject.model, {name: each.shape for name, each in given.items()})
    execution, _ = timed(lambda: prepared.run(given))
    hashing, _ = timed(lambda: output_root(output))
    slot = slot_ms(len(TASK_PROVIDERS) * alone, len(output))
    result = patiently(partial(_settle, packaged.package, inputs), slot)
    gaps = _gaps(_decoded(packaged, result), subject.wanted)
    worst = min(gaps.values(), key=lambda gap: gap.snr_db)
    return ModelFigures(
        settled=True,
        executor=runner.adapter.name,
        snr_db=worst.snr_db,
        error=worst.error,
        error_vs_ort_int8=_ratio(subject, gaps),
        seconds=execution + hashing,
        execution_seconds=execution,
        job_seconds=alone,
        vs_ort=(execution + hashing) / subject.reference.seconds(subject.shipped_feeds),
        trace_bytes=len(result),
        multiply_adds=None,
        operators=len(packaged.package.stages),
        checked_share=None,
        wrong=worst.snr_db < WORST_SNR_DB,
    )


def _gaps(found: Outputs, wanted: Outputs) -> dict[str, Gap]:
    """Returns the difference of every output; one that is missing is wholly wrong."""
    gaps = {}
    for name, right in wanted.items():
        gap = gaps[name] = Gap()
        left = found.get(name)
        fits = left is not None and left.shape == right.shape
        gap.add(left if left is not None and fits else np.full(right.shape, np.nan), right)
    return gaps


def _ratio(subject: Subject, gaps: Mapping[str, Gap]) -> float | None:
    """Returns the largest error as a multiple of that of onnxruntime's int8 model."""
    int8 = int8_of(subject)
    if int8 is None:
        return None
    others = _gaps(int8.run(subject.shipped_feeds), subject.wanted)
    ratios = [gap.error / others[name].error for name, gap in gaps.items() if others[name].error]
    return max(ratios, default=None)


def _decoded(packaged: Packaged, data: bytes) -> Outputs:
    parts = split(data, packaged.package.outputs)
    return {
        port.name: port.decode(part)
        for port, (_, part) in zip(packaged.outputs, parts, strict=True)
    }


def _settle(kernel: KernelPackage, inputs: Sequence[bytes], slot: int) -> bytes:
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        return asyncio.run(_settled(kernel, inputs, Path(folder), slot))


async def _settled(
    kernel: KernelPackage, inputs: Sequence[bytes], folder: Path, slot: int
) -> bytes:
    """Returns the output that the buyer fetched of the settled task."""
    net = Localnet(programs=built_programs(), mint=localnet_mint(), port=0, slot_ms=slot)
    async with net, open_task_marketplace(LocalnetVenue(net), folder) as market:
        run = partial(run_package, limits=LIMITS)
        providers = [market.provider(name, run) for name in TASK_PROVIDERS]
        roles = [*providers, market.crank()]
        async with background(market.mirror.run(), *(role.run() for role in roles)):
            manifest = market.poster.store_workload(kernel, inputs)
            url = market.parties.storages["buyer"].url
            task = await market.poster.post(kernel, manifest, OFFER, url)
            return await _result(market, task)


async def _result(market: TaskMarketplace, address: Pubkey) -> bytes:
    """Returns an output that was paid for; raises UnsettledError where the task ends otherwise."""

    def look() -> Task | None:
        snapshot = market.mirror.view.tasks.get(address)
        return None if snapshot is None else snapshot.task

    await until_ended(market.mirror, look, "the task")
    task = market.mirror.view.tasks[address].task
    if task.state is not TaskState.SETTLED:
        raise UnsettledError(f"the task ended as {task.state.name.lower()}")
    services = market.parties.services
    fetcher = OutputFetcher(services.client, services.gateway)
    for run in task.paid_runs:
        output = await fetcher.fetch(task, run, FETCH_SECONDS)
        if output is not None:
            return output
    raise UnsettledError("no provider serves the output that it was paid for")
