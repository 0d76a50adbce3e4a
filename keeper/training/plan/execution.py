"""Runs a pipeline on this machine, one thread per stage, to compare with the plan's prediction."""

from collections.abc import Sequence
from itertools import pairwise
from queue import SimpleQueue
from statistics import median
from threading import Thread
from time import perf_counter

import numpy as np

from keeper.compute import segment
from keeper.compute.segment import Segment
from keeper.training.plan.cluster import Link
from keeper.training.plan.pipeline import Stage
from kernels.graph import Graph, Input, InputKind
from kernels.graph.reference import Executor
from kernels.trace import DType, Shape, pack, shape4, unpack
from kernels.trace.layout import Array

SMALL_BYTES, LARGE_BYTES = 1 << 8, 1 << 22
RUNS = 9

Tensors = dict[Input, Array]


class _Worker(Thread):
    """One stage: receives a batch's tensors, adds its outputs, passes on what is needed."""

    def __init__(
        self, executor: Executor, part: Segment, first: int, later: Sequence[Segment]
    ) -> None:
        super().__init__(daemon=True)
        self.before: SimpleQueue[Tensors | None] = SimpleQueue()
        self.after: SimpleQueue[Tensors | None] = SimpleQueue()
        self._executor = executor
        self._part = part
        self._first = first
        self._wanted = {source for each in later for source in each.sources}

    def run(self) -> None:
        """Process batches until None arrives, then pass None on, also after an error."""
        try:
            while (held := self.before.get()) is not None:
                self.after.put(self._step(held))
        finally:
            self.after.put(None)

    def _step(self, held: Tensors) -> Tensors:
        graph = self._part.graph
        given = [
            _received(held[source]).reshape(spec.shape)
            for source, spec in zip(self._part.sources, graph.inputs, strict=True)
        ]
        outputs = self._executor.execute(graph, given)
        made = {
            Input(InputKind.OPERATOR_OUTPUT, self._first + at): output
            for at, output in enumerate(outputs)
        }
        last = Input(InputKind.OPERATOR_OUTPUT, self._first + len(outputs) - 1)
        passed = {key: held[key] for key in self._wanted & held.keys()}
        return passed | {key: made[key] for key in (self._wanted | {last}) & made.keys()}


def run_pipeline(
    graph: Graph,
    stages: Sequence[Stage],
    executors: Sequence[Executor],
    batches: Sequence[Sequence[Array]],
) -> tuple[list[Array], list[float]]:
    """Returns each batch's result, and the seconds from the start until it was ready.

    Every stage has its own executor and thread. Raises RuntimeError when a stage fails.
    """
    parts = [segment(graph, stage.first, stage.last) for stage in stages]
    workers = [
        _Worker(executor, part, stage.first, parts[at + 1 :])
        for at, (executor, part, stage) in enumerate(zip(executors, parts, stages, strict=True))
    ]
    for worker, following in pairwise(workers):
        following.before = worker.after
    for worker in workers:
        worker.start()
    started = perf_counter()
    for batch in batches:
        workers[0].before.put(
            {Input(InputKind.JOB_INPUT, at): array for at, array in enumerate(batch)}
        )
    workers[0].before.put(None)
    result = Input(InputKind.OPERATOR_OUTPUT, len(graph.descriptors) - 1)
    results, times = [], []
    while (left := workers[-1].after.get()) is not None:
        results.append(left[result])
        times.append(perf_counter() - started)
    for worker in workers:
        worker.join()
    if len(results) != len(batches):
        raise RuntimeError(f"{len(results)} of {len(batches)} batches came out of the pipeline")
    return results, times


def interval(times: Sequence[float]) -> float:
    """Returns the seconds between two batches once the pipeline is full, without the first."""
    filled = times[1:]
    return (filled[-1] - filled[0]) / (len(filled) - 1)


def measured_link() -> Link:
    """Returns the measured cost of passing a tensor as canonical bytes on this machine."""
    small, large = (
        median(_handover(np.zeros(size, np.int8)) for _ in range(RUNS))
        for size in (SMALL_BYTES, LARGE_BYTES)
    )
    return Link((LARGE_BYTES - SMALL_BYTES) / max(large - small, 1e-9), small)


def _handover(tensor: Array) -> float:
    started = perf_counter()
    _received(tensor.reshape(1, 1, 1, -1))
    return perf_counter() - started


def _received(tensor: Array) -> Array:
    """Returns the tensor as another machine receives it, through its canonical bytes."""
    return unpack(pack(tensor).tobytes(), *_form(tensor))


def _form(tensor: Array) -> tuple[Shape, DType]:
    return shape4(tensor.shape), DType.of(tensor)
