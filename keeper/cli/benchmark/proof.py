"""What committing to a computation and verifying it costs, and what a check catches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from keeper.compute import Preference, RenewingExecutor, select_executor
from keeper.compute.self_test import sample_graph
from keeper.verification import Accept, CheckCost, CommittedStage, Reject, verify_trace
from keeper.verification.field import random_elements
from keeper.verification.freivalds import matmul_holds
from kernels.graph import Graph, GraphBuilder
from kernels.reference import Executor, execute
from kernels.runtime import list_adapters
from kernels.trace import CommittedOutputs, pack, tensor_root, trace_root
from kernels.trace.layout import Array

SEED = 61
LAYERS = 2
# A check takes so little that one busy moment of the machine would be all of it.
CHECKS_A_RUN = 7
IMAGES = 2
# NumPy multiplies integers without BLAS, so a part tells the time of the whole.
INTEGER_ROWS = 16

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProofFigures:
    """Ratios of seconds, medians over the runs; detection counts corruptions and those located."""

    adapter: str
    on_gpu: bool
    freivalds_ratio: float
    freivalds_ratio_by_size: dict[str, float]
    verify_ratio: float
    commit_overhead: float
    execution_seconds: float
    detection: dict[str, int]


class HonestTraceRefused(RuntimeError):  # noqa: N818
    """A check refused right outputs: figures of it would mean nothing."""


def measure_proof(size: int, corruptions: int, runs: int, progress: Progress) -> ProofFigures:
    """Measure with matrices of size and of twice the size; raises HonestTraceRefused."""
    rng = np.random.default_rng(SEED)
    by_size = {}
    for edge in (size, 2 * size):
        progress(f"checking a matmul of {edge:,} against NumPy")
        by_size[str(edge)] = _freivalds_ratio(edge, runs, rng)
    selected = select_executor(Preference.AUTO)
    progress(f"executing, committing and verifying on {selected.name}")
    execution, hashing, verification = _whole_network(size, runs, rng, selected.executor)
    progress(f"corrupting {corruptions:,} elements")
    adapters = [each for each in list_adapters() if each.name == selected.name]
    return ProofFigures(
        adapter=selected.name,
        on_gpu=any(each.type != "CPU" for each in adapters),
        freivalds_ratio=by_size[str(size)],
        freivalds_ratio_by_size=by_size,
        verify_ratio=verification / execution,
        commit_overhead=hashing / execution,
        execution_seconds=execution,
        detection={"corruptions": corruptions, "caught": _caught(corruptions, rng)},
    )


def _freivalds_ratio(size: int, runs: int, rng: np.random.Generator) -> float:
    a, b = (rng.integers(-128, 128, (size, size), np.int8) for _ in range(2))
    left, right = a.astype(np.float64), b.astype(np.float64).T
    out = (left @ right).astype(np.int32)
    floats = _seconds(lambda: left @ right, runs)
    part, whole = a[:INTEGER_ROWS].astype(np.int32), b.astype(np.int32).T
    integers = _seconds(lambda: part @ whole, 1) * size / len(part)

    def check() -> None:
        if not matmul_holds(a, b, None, out, randomness=random_elements, cost=CheckCost()):
            raise HonestTraceRefused(f"a right product of {size} was refused")

    return _seconds(check, CHECKS_A_RUN * runs) / min(floats, integers)


def _network(size: int, rng: np.random.Generator) -> Graph:
    build = GraphBuilder()
    x = build.input((size, size))
    for _ in range(LAYERS):
        x = build.requantise(
            build.matmul(x, rng.integers(-128, 128, (size, size), np.int8)), 1_518_500_250, 45
        )
    return build.build()


def _whole_network(
    size: int, runs: int, rng: np.random.Generator, executor: Executor
) -> tuple[float, float, float]:
    """Seconds of executing, of hashing the trace, and of a whole verification."""
    graph = _network(size, rng)
    inputs: list[Array] = [rng.integers(-128, 128, (1, 1, size, size), np.int8)]
    _committed(executor, graph, inputs)
    executions, hashings = [], []
    for _ in range(runs):
        started = perf_counter()
        found = _committed(executor, graph, inputs)
        hashings.append(found.hashing_seconds)
        executions.append(perf_counter() - started - found.hashing_seconds)
    stored = [pack(output).tobytes() for output in found.outputs]
    stages = [CommittedStage(0, len(stored), trace_root(found.roots))]

    def verify() -> None:
        finding = verify_trace(graph, inputs, stored, stages).finding
        if finding != Accept():
            raise HonestTraceRefused(f"right outputs: {finding}")

    return median(executions), median(hashings), _seconds(verify, runs)


def _committed(executor: Executor, graph: Graph, inputs: Sequence[Array]) -> CommittedOutputs:
    if isinstance(executor, RenewingExecutor):
        return executor.execute_committed(graph, inputs)
    return CommittedOutputs.hashed(executor.execute(graph, inputs))


def _caught(corruptions: int, rng: np.random.Generator) -> int:
    """How many single wrong elements are rejected at their place, each in a committed trace."""
    graph, inputs = sample_graph(IMAGES)
    outputs = execute(graph, inputs)
    stored: list[bytes | None] = [pack(output).tobytes() for output in outputs]
    roots = [tensor_root(output) for output in outputs]
    caught = 0
    for _ in range(corruptions):
        operator = int(rng.integers(len(outputs)))
        wrong = outputs[operator].copy()
        element = int(rng.integers(wrong.size))
        # Any change but none: the element's bits with some of them flipped.
        flipped = rng.integers(1, 1 << 8 * wrong.itemsize, dtype=np.uint32).astype(
            f"<u{wrong.itemsize}"
        )
        wrong.reshape(-1).view(flipped.dtype)[element] ^= flipped
        trace, committed = stored.copy(), roots.copy()
        trace[operator], committed[operator] = pack(wrong).tobytes(), tensor_root(wrong)
        stages = [CommittedStage(0, len(trace), trace_root(committed))]
        finding = verify_trace(graph, inputs, trace, stages).finding
        caught += finding == Reject(operator, element)
    return caught


def _seconds(call: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        started = perf_counter()
        call()
        times.append(perf_counter() - started)
    return median(times)
