"""What checking costs beside computing: products alone, and a whole network on an adapter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from keeper.compute import RenewingExecutor, hasher_on
from keeper.exact.verification import Accept, CheckCost, CommittedStage, verify_trace
from keeper.exact.verification.field import random_elements
from keeper.exact.verification.linear import Claim, hold
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import Executor
from kernels.trace import CommittedOutputs, pack, trace_root
from kernels.trace.layout import Array

LAYERS = 2
# A check takes so little that one busy moment of the machine would be all of it.
CHECKS_A_RUN = 7
# NumPy multiplies integers without BLAS, so a part tells the time of the whole.
INTEGER_ROWS = 16


class HonestTraceRefused(RuntimeError):  # noqa: N818
    """A check refused right outputs: figures of it would mean nothing."""


@dataclass(frozen=True, slots=True)
class NetworkSeconds:
    """Medians: executing, hashing the trace on the device, and a whole verification."""

    executing: float
    hashing: float
    verifying: float


def freivalds_ratio(size: int, runs: int, rng: np.random.Generator) -> float:
    """Checking the network's products in one fold / computing them with NumPy.

    Computing takes whichever of float64 (converted beforehand) and int32 is faster. Raises
    HonestTraceRefused.
    """
    claims, floats = [], []
    for layer in range(LAYERS):
        a, b = (rng.integers(-128, 128, (1, 1, size, size), np.int8) for _ in range(2))
        build = GraphBuilder()
        build.matmul(build.input((size, size)), b)
        floats.append((a[0, 0].astype(np.float64), b[0, 0].astype(np.float64).T))
        out = (floats[-1][0] @ floats[-1][1]).astype(np.int32)[np.newaxis, np.newaxis]
        claims.append(Claim(layer, build.build().descriptors[0], (a, b), out))

    def compute() -> None:
        for left, right in floats:
            left @ right

    def check() -> None:
        if not hold(claims, random_elements, CheckCost()):
            raise HonestTraceRefused(f"right products of {size} were refused")

    computing, checking = [], []
    # By turns, so that a busy moment of the machine meets both.
    for _ in range(runs):
        computing.append(_seconds(compute))
        checking += [_seconds(check) for _ in range(CHECKS_A_RUN)]
    part, whole = (each[0, 0].astype(np.int32) for each in claims[0].reads)
    integers = _seconds(lambda: part[:INTEGER_ROWS] @ whole.T) * LAYERS * size / INTEGER_ROWS
    return median(checking) / min(median(computing), integers)


def network_seconds(
    size: int, runs: int, rng: np.random.Generator, executor: Executor
) -> NetworkSeconds:
    """Execute, commit and verify a network of matmuls; raises HonestTraceRefused."""
    graph = _network(size, rng)
    inputs: list[Array] = [rng.integers(-128, 128, (1, 1, size, size), np.int8)]
    hasher = hasher_on(executor)
    _committed(executor, graph, inputs)
    executions, hashings, verifications = [], [], []
    for _ in range(runs):
        started = perf_counter()
        found = _committed(executor, graph, inputs)
        hashings.append(found.hashing_seconds)
        executions.append(perf_counter() - started - found.hashing_seconds)
        stored = [pack(output).tobytes() for output in found.outputs]
        stages = [CommittedStage(0, len(stored), trace_root(found.roots))]
        verdict = verify_trace(graph, inputs, stored, stages, hasher=hasher)
        if verdict.finding != Accept():
            raise HonestTraceRefused(f"right outputs: {verdict.finding}")
        verifications.append(verdict.cost.seconds)
    return NetworkSeconds(median(executions), median(hashings), median(verifications))


def _network(size: int, rng: np.random.Generator) -> Graph:
    build = GraphBuilder()
    x = build.input((size, size))
    for _ in range(LAYERS):
        x = build.requantise(
            build.matmul(x, rng.integers(-128, 128, (size, size), np.int8)), 1_518_500_250, 45
        )
    return build.build()


def _committed(executor: Executor, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
    if isinstance(executor, RenewingExecutor):
        return executor.execute_committed(graph, inputs)
    return CommittedOutputs.hashed(executor.execute(graph, inputs))


def _seconds(call: Callable[[], object]) -> float:
    started = perf_counter()
    call()
    return perf_counter() - started
