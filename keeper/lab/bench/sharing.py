"""How evenly tenants of different sizes share one device."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from keeper.compute import ComputeLane, select_executor
from keeper.configuration import Preference
from keeper.scheduling import SharedDevice, TenantLane, commit_in_slices, jain_index
from kernels.graph import Graph, GraphBuilder
from kernels.graph.memory import memory_plan
from kernels.graph.reference import Executor
from kernels.trace.layout import Array

SEED = 5
# Rows and number of products of each tenant's job; all differ.
SIZES = ((32, 4), (64, 8), (96, 12), (128, 6))
WIDTH = 128
WEIGHTS = (1.0, 1.0, 1.0, 1.0)
UNEQUAL = (3.0, 1.0)
SLICE_MACS = 1 << 22


@dataclass(frozen=True, slots=True)
class TenantFigures:
    """One tenant's share of the device."""

    weight: float
    memory_bytes: int
    job_macs: int
    jobs: int
    device_seconds: float
    macs_per_second: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """Tenants that all want the device for the whole time; fairness is Jain's index of their
    device seconds, each divided by the tenant's weight."""

    seconds: float
    fairness: float
    tenants: tuple[TenantFigures, ...]


@dataclass(frozen=True, slots=True)
class SharingFigures:
    """All scenarios on one adapter; fairness is that of the least fair one."""

    adapter: str
    slice_macs: int
    fairness: float
    two: Scenario
    four: Scenario
    unequal_weights: Scenario


def measure_sharing(seconds: float) -> SharingFigures:
    """Measures each scenario for about `seconds` device seconds per tenant."""
    selected = select_executor(Preference.AUTO)
    found = [
        asyncio.run(_measured(selected.executor, weights, seconds))
        for weights in (WEIGHTS[:2], WEIGHTS, UNEQUAL)
    ]
    return SharingFigures(
        adapter=selected.name,
        slice_macs=SLICE_MACS,
        fairness=min(each.fairness for each in found),
        two=found[0],
        four=found[1],
        unequal_weights=found[2],
    )


async def _measured(executor: Executor, weights: Sequence[float], seconds: float) -> Scenario:
    material = [_material(rows, products) for rows, products in SIZES[: len(weights)]]
    needed = [memory_plan(graph).peak for graph, _ in material]
    with ComputeLane() as lane:
        device = SharedDevice(lane, sum(needed))
        tenants = [
            device.tenant(f"tenant {number}", weight, size)
            for number, (weight, size) in enumerate(zip(weights, needed, strict=True))
        ]
        for tenant, (graph, inputs) in zip(tenants, material, strict=True):
            # Compiled and uploaded once, so that only running is measured.
            await _run(lane, executor, graph, inputs)
            tenant.admit(memory_plan(graph).peak)
        finished = [0] * len(tenants)
        started = perf_counter()

        async def work(number: int, tenant: TenantLane) -> None:
            graph, inputs = material[number]
            while sum(each.served for each in tenants) < seconds * len(tenants):
                await _run(tenant, executor, graph, inputs)
                finished[number] += 1

        await asyncio.gather(*(work(*each) for each in enumerate(tenants)))
        elapsed = perf_counter() - started
        served = [each.served for each in tenants]
    return Scenario(
        seconds=elapsed,
        fairness=jain_index([each / weight for each, weight in zip(served, weights, strict=True)]),
        tenants=tuple(
            TenantFigures(
                weight=weights[number],
                memory_bytes=needed[number],
                job_macs=material[number][0].multiply_adds,
                jobs=finished[number],
                device_seconds=served[number],
                macs_per_second=finished[number] * material[number][0].multiply_adds / elapsed,
            )
            for number in range(len(weights))
        ),
    )


async def _run(
    lane: ComputeLane | TenantLane, executor: Executor, graph: Graph, inputs: Sequence[Array]
) -> None:
    await commit_in_slices(
        lane,
        executor,
        graph,
        operators=range(len(graph.descriptors)),
        inputs=inputs,
        earlier=[],
        most_macs=SLICE_MACS,
    )


def _material(rows: int, products: int) -> tuple[Graph, list[Array]]:
    """Returns a chain of matrix products, each requantised for the next."""
    random = np.random.default_rng(SEED)
    build = GraphBuilder()
    value = build.input((rows, WIDTH))
    for _ in range(products):
        weights = random.integers(-128, 128, (WIDTH, WIDTH), np.int8)
        value = build.requantise(build.matmul(value, weights), 1_500_000_000, 43)
    return build.build(), [random.integers(-128, 128, (1, 1, rows, WIDTH), np.int8)]
