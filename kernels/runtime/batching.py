"""Batch sizes: how many items run at once, given the memory, a target time and measurements."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from time import perf_counter

from kernels.graph import Graph
from kernels.graph.memory import memory_plan
from kernels.runtime.adapter import DeviceLimit
from kernels.runtime.executor import IN_FLIGHT, GpuExecutor
from kernels.trace.layout import Array

TARGET_SECONDS = 0.25
# The next batch is at most this many times the largest one measured.
GROWTH = 4


@dataclass(frozen=True, slots=True)
class Measurement:
    """The seconds that a batch of `batch` items took."""

    batch: int
    seconds: float


@dataclass(frozen=True, slots=True)
class BatchMemory:
    """Device bytes of a batch: a fixed part, and a part per item."""

    fixed: int
    per_item: int

    def most(self, limit: int) -> int:
        """Returns how many items fit `limit` bytes; raises DeviceLimit when not even one does."""
        if self.fixed + self.per_item > limit:
            needed = self.fixed + self.per_item
            raise DeviceLimit(f"one item takes {needed} bytes of device memory, above {limit}")
        return (limit - self.fixed) // max(self.per_item, 1)


def choose_batch(
    measurements: Sequence[Measurement],
    memory: BatchMemory,
    limit_bytes: int,
    target_seconds: float = TARGET_SECONDS,
) -> int:
    """Returns the largest power of two of items that fits the memory and meets the target time.

    The time of a batch is modelled as a + b·batch with a, b ≥ 0, fitted by least squares. The
    result is at least 1, is 1 without measurements, and is at most GROWTH times the largest batch
    measured. Raises DeviceLimit when not even one item fits.
    """
    most = memory.most(limit_bytes)
    if not measurements:
        return 1
    start, slope = _line(measurements)
    room = target_seconds - start
    wanted = int(room / slope) if slope > 0 else most if room > 0 else 1
    largest = max(each.batch for each in measurements)
    chosen = max(1, min(wanted, most, GROWTH * largest))
    return 1 << (chosen.bit_length() - 1)


def execute_adaptive(
    executor: GpuExecutor,
    graph_of: Callable[[int], Graph],
    inputs_of: Callable[[range], Sequence[Array]],
    items: int,
    *,
    target_seconds: float = TARGET_SECONDS,
    clock: Callable[[], float] = perf_counter,
) -> Iterator[tuple[range, list[Array]]]:
    """Runs `items` items in batches; yields the range of each batch and every operator's output.

    `graph_of` builds the graph of a batch size, `inputs_of` the inputs of a range of items. Batches
    grow until `choose_batch` settles on a size; from then on uploads, runs and readbacks overlap.
    The last batch is smaller where items are left over. Raises what `execute_many` raises.
    """
    graph_of = cache(graph_of)
    memory = _memory(graph_of)
    measurements: list[Measurement] = []
    at, settled = 0, False
    while at < items:
        wanted = choose_batch(measurements, memory, executor.memory_bytes, target_seconds)
        settled = any(each.batch == wanted for each in measurements)
        batch = min(wanted, items - at)
        count = max((items - at) // batch, 1) if settled else 1
        ranges = [range(at + i * batch, at + (i + 1) * batch) for i in range(count)]
        graph = graph_of(batch)
        if settled or batch < wanted:
            yield from zip(
                ranges, executor.execute_many(graph, map(inputs_of, ranges)), strict=True
            )
        else:
            inputs = inputs_of(ranges[0])
            # The first run compiles, so its time says nothing about later runs.
            outputs = executor.execute(graph, inputs)
            started = clock()
            executor.execute(graph, inputs)
            measurements.append(Measurement(batch, clock() - started))
            yield ranges[0], outputs
        at = ranges[-1].stop


def _line(measurements: Sequence[Measurement]) -> tuple[float, float]:
    """Returns intercept and slope of seconds over batch size, neither negative."""
    count = len(measurements)
    mean = sum(each.batch for each in measurements) / count
    seconds = sum(each.seconds for each in measurements) / count
    spread = sum((each.batch - mean) ** 2 for each in measurements)
    together = sum((each.batch - mean) * (each.seconds - seconds) for each in measurements)
    slope = max(together / spread, 0.0) if spread else seconds / mean
    start = seconds - slope * mean
    return (start, slope) if start >= 0 else (0.0, seconds / mean)


def _memory(graph_of: Callable[[int], Graph]) -> BatchMemory:
    one, two = (memory_plan(graph_of(batch)).peak_of(IN_FLIGHT) for batch in (1, 2))
    per_item = max(two - one, 0)
    return BatchMemory(one - per_item, per_item)
