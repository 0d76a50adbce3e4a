"""The cost of a dispatch, and the gain of fusing and overlapping, on one adapter."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np

from kernels.graph import Graph, GraphBuilder
from kernels.models.digits.network import graph as digits_network
from kernels.runtime import Adapter, GpuExecutor
from kernels.runtime.dispatch_cost import measure_dispatch_cost
from kernels.trace.layout import Array

SEED = 71
# Rows, width and hidden width of a transformer's feed-forward part.
CHAIN = (256, 384, 1536)
SERIES = 6

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fusion:
    """Median seconds of a graph with and without fusing; every output is read back in both."""

    fused_seconds: float
    unfused_seconds: float
    dispatches: int
    operators: int

    @property
    def speedup(self) -> float:
        """Returns how many times faster the fused graph is."""
        return self.unfused_seconds / self.fused_seconds


@dataclass(frozen=True, slots=True)
class RuntimeFigures:
    """One adapter's figures; alone and overlapped are median seconds a run in a series."""

    adapter: str
    dispatch_seconds: float
    dispatch_completed_seconds: float
    fusion: dict[str, Fusion]
    alone_seconds: float
    overlapped_seconds: float


def measure_runtime(adapter: Adapter, runs: int, progress: Progress) -> RuntimeFigures:
    """Measures each pair in turns, so that other load on the machine slows both.

    Raises DeviceLost when the device fails, DeviceLimit when the graphs do not fit.
    """
    progress("dispatching")
    dispatch = measure_dispatch_cost(adapter)
    fused, unfused = GpuExecutor(adapter), GpuExecutor(adapter, fuse=False)
    graphs = {"digits": digits_network(), "x".join(map(str, CHAIN)): feed_forward()}
    fusion = {}
    for name, graph in graphs.items():
        progress(f"running {name} with and without fusing")
        inputs = _inputs(graph)
        together, apart = _in_turns(
            runs,
            partial(fused.execute, graph, inputs),
            partial(unfused.execute, graph, inputs),
        )
        fusion[name] = Fusion(together, apart, fused.dispatches(graph), len(graph.descriptors))
    progress("running a series one by one and overlapped")
    graph = graphs["digits"]
    series = [_inputs(graph)] * SERIES
    alone, overlapped = _in_turns(
        runs,
        lambda: [fused.execute(graph, inputs) for inputs in series],
        lambda: list(fused.execute_many(graph, series)),
    )
    return RuntimeFigures(
        adapter=adapter.name,
        dispatch_seconds=dispatch.issued,
        dispatch_completed_seconds=dispatch.completed,
        fusion=fusion,
        alone_seconds=alone / SERIES,
        overlapped_seconds=overlapped / SERIES,
    )


def feed_forward() -> Graph:
    """Int8 [256, 384] times [384, 1536], rectified, times [1536, 384]; requantised after both."""
    rows, width, hidden = CHAIN
    rng = np.random.default_rng(SEED)
    build = GraphBuilder()
    value = build.input((rows, width))
    for inner, outer in ((width, hidden), (hidden, width)):
        weights = rng.integers(-128, 128, (outer, inner), np.int8)
        bias = rng.integers(-(2**20), 2**20, outer, np.int32)
        value = build.relu(build.requantise(build.matmul(value, weights, bias), 1 << 30, 42))
    return build.build()


def _inputs(graph: Graph) -> list[Array]:
    rng = np.random.default_rng(SEED)
    return [rng.integers(-128, 128, spec.shape, np.int8) for spec in graph.inputs]


def _in_turns(
    runs: int, first: Callable[[], object], second: Callable[[], object]
) -> tuple[float, float]:
    """Median seconds of each, compiled and tuned before."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 1):
        for found, call in zip(seconds, (first, second), strict=True):
            started = perf_counter()
            call()
            if turn:
                found.append(perf_counter() - started)
    return median(seconds[0]), median(seconds[1])
