"""Checks, before any job is claimed, that an executor gives the reference's bits; measures it."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from keeper.errors import KeeperError
from kernels.graph import Graph, GraphBuilder, Narrowing, Opcode, Value, benchmarks
from kernels.graph.reference import Executor, NumpyExecutor
from kernels.trace import DType
from kernels.trace.layout import Array

SEED = 20
IMAGES = 64
# The size of the benchmarks' cases, as small as they are tested.
CASE_SIZE = 64


class SelfTestError(KeeperError):
    """An executor's output differs from the reference; it must not take jobs."""


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """Multiply-adds per second of the second run, with pipelines already compiled."""

    operators: int
    macs_per_second: float

    def macs_per_slot(self, slot_seconds: float) -> int:
        """Returns the rate that a provider declares, in multiply-adds per slot."""
        return max(1, int(self.macs_per_second * slot_seconds))


def self_test(executor: Executor) -> SelfTestReport:
    """Run every operator on the executor and on NumPy and return the report.

    Raises SelfTestError at the first difference.
    """
    graph, inputs = sample_graph(IMAGES)
    expected = NumpyExecutor().execute(graph, inputs)
    executor.execute(graph, inputs)
    started = perf_counter()
    outputs = executor.execute(graph, inputs)
    seconds = perf_counter() - started
    for number, (right, output) in enumerate(zip(expected, outputs, strict=True)):
        if right.dtype != output.dtype or not np.array_equal(right, output):
            opcode = graph.descriptors[number].opcode.name.lower()
            raise SelfTestError(
                f"operator {number} ({opcode}) differs from the NumPy reference: "
                "this adapter or its driver must not run jobs"
            )
    return SelfTestReport(len(outputs), graph.multiply_adds / max(seconds, 1e-9))


def sample_graph(images: int) -> tuple[Graph, list[Array]]:
    """Returns a graph with every operator, and its inputs: the first is int8[images, 9, 9, 5].

    Every call returns the same.
    """
    rng = np.random.default_rng(SEED)

    def int8(*shape: int) -> Array:
        return rng.integers(-128, 128, shape, np.int8)

    def int32(*shape: int) -> Array:
        return rng.integers(-(2**20), 2**20, shape, np.int32)

    build = GraphBuilder()
    image = build.input((images, 9, 9, 5))
    convolved = build.convolution(
        image, int8(33, 3, 3, 5), int32(33), padding=(1, 1, 1, 1), pad_value=-7, zero_point_in=-7
    )
    multipliers = rng.integers(2**30, 2**31 - 1, 33)
    narrow = build.requantise(convolved, multipliers, np.full(33, 41))
    pooled = build.max_pool(build.relu(narrow, low=-20), (2, 2), stride=(2, 2))
    looked_up = build.lookup(pooled, int8(256))
    merged = build.convolution(looked_up, int8(64, 4, 4, 33))
    flat = build.view(build.requantise(merged, 1_400_000_000, 44), (images, 64))
    product = build.matmul(flat, int8(37, 64), int32(37))
    build.argmax(build.add(product, int32(1, 1, images, 37)))
    _append_attention(build, pooled, looked_up, int8, int32)
    _append_narrowed(build, pooled, int8, int32)
    present = {descriptor.opcode for descriptor in build.build().descriptors}
    others = append_others(build, present)
    return build.build(), [int8(images, 9, 9, 5), *others]


def _append_narrowed(
    build: GraphBuilder, x: Value, int8: Callable[..., Array], int32: Callable[..., Array]
) -> None:
    """Appends every form to int8 over an int8 value [N, 4, 4, 33], and rows shorter than a word."""
    to = Narrowing(np.arange(1, 34) << 25, np.full(33, 40), -5, (-100, 127))
    y = build.convolution(x, int8(33, 3, 3, 33), int32(33), padding=(1, 1, 1, 1), to=to)
    near = build.depthwise(y, int8(33, 3, 3, 1), int32(33), padding=(1, 1, 1, 1), to=to)
    total = build.add_int8(y, near, (1 << 30, -(1 << 29)), 30, zero_point_a=-5, zero_point_b=-5)
    gated = build.multiply(total, near, zero_point_b=-5, to=Narrowing(1_518_500_250, 38))
    build.matmul(build.matmul(gated, y, to=Narrowing(1 << 30, 40)), int8(37, 4), int32(37))
    build.matmul(gated, int8(1, 33), int32(1), to=Narrowing(1 << 30, 40))


def append_others(build: GraphBuilder, present: Container[Opcode]) -> list[Array]:
    """Appends the benchmark case of each operator that is not present; returns their inputs.

    An operator that the graph above does not use is tested this way.
    """
    inputs: list[Array] = []
    for opcode, benchmark in benchmarks().items():
        if opcode not in present:
            case = benchmark.case(
                CASE_SIZE, lambda array: build.input(array.shape, DType.of(array))
            )
            build.append(case.draft)
            inputs += case.inputs
    return inputs


def _append_attention(
    build: GraphBuilder,
    query: Value,
    key: Value,
    int8: Callable[..., Array],
    int32: Callable[..., Array],
) -> None:
    """Appends the operators that transformers use, over two int8 values [N, 4, 4, 33]."""
    weights = build.softmax(build.matmul(query, key), 1_518_500_250, 28)
    mixed = build.matmul(weights, build.transpose(key, (0, 1, 3, 2)))
    near = build.depthwise(query, int8(33, 3, 3, 1), int32(33), padding=(1, 1, 1, 1))
    normal = build.layer_norm(build.add(mixed, near), int32(33) << 8, int32(33), 30)
    narrow = build.requantise(normal, 1_518_500_250, 40)
    gated = build.multiply(build.concat(narrow, query, 3), int8(1, 4, 1, 66), zero_point_a=-3)
    chosen = build.gather(build.argmax(gated), int32(9, 5))
    build.reduce_sum(build.requantise(chosen, 1_518_500_250, 31, dtype=DType.INT32))
