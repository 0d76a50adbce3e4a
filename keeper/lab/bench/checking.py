"""The cost of checking relative to computing: of products alone, and of a whole network."""

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
# A check is so short that one interruption of the machine would dominate its time.
CHECKS_PER_RUN = 7
# NumPy multiplies integers without BLAS, so the time of some rows gives that of all.
INTEGER_ROWS = 16


class HonestTraceRefused(RuntimeError):  # noqa: N818
    """A check refused correct outputs, so its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class NetworkSeconds:
    """Median seconds of executing, of hashing the trace on the device, and of verifying it all."""

    executing: float
    hashing: float
    verifying: float


def freivalds_ratio(size: int, runs: int, rng: np.random.Generator) -> float:
    """Returns the time to check a network's products in one fold over NumPy's to compute them.

    NumPy computes in float64 (converted beforehand) or int32, whichever is faster. Raises
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
    # In turns, so that other load on the machine slows both.
    for _ in range(runs):
        computing.append(_seconds(compute))
        checking += [_seconds(check) for _ in range(CHECKS_PER_RUN)]
    part, whole = (each[0, 0].astype(np.int32) for each in claims[0].reads)
    integers = _seconds(lambda: part[:INTEGER_ROWS] @ whole.T) * LAYERS * size / INTEGER_ROWS
    return median(checking) / min(median(computing), integers)


def network_seconds(
    size: int, runs: int, rng: np.random.Generator, executor: Executor
) -> NetworkSeconds:
    """Executes, commits to and verifies a network of matmuls; raises HonestTraceRefused."""
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
