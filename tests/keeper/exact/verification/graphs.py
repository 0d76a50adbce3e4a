"""A graph with every operator, and its honest trace."""

import numpy as np

from keeper.exact.verification import CommittedStage
from kernels.graph import Graph, GraphBuilder
from kernels.graph.reference import execute
from kernels.trace import pack, tensor_root, trace_root
from kernels.trace.layout import Array

CONVOLUTION, POOL, MATMUL, ARGMAX = 0, 3, 7, 9


def every_operator(images: int, seed: int = 7) -> tuple[Graph, list[Array]]:
    """Two thousand multiply-adds an image: convolution to argmax over int8[images, 8, 8, 3]."""
    rng = np.random.default_rng(seed)

    def int8(*shape: int) -> Array:
        return rng.integers(-128, 128, shape, np.int8)

    def int32(*shape: int) -> Array:
        return rng.integers(-(2**15), 2**15, shape, np.int32)

    build = GraphBuilder()
    image = build.input((images, 8, 8, 3))
    convolved = build.convolution(
        image, int8(20, 3, 3, 3), int32(20), padding=(1, 1, 1, 1), pad_value=-5, zero_point_in=-5
    )
    narrow = build.requantise(convolved, 1_518_500_250, 40)
    pooled = build.max_pool(build.relu(narrow), (2, 2))
    looked_up = build.lookup(pooled, int8(256))
    flat = build.view(build.convolution(looked_up, int8(32, 4, 4, 20)), (images, 32))
    product = build.matmul(build.requantise(flat, 1_518_500_250, 42), int8(32, 32), int32(32))
    build.argmax(build.add(product, int32(1, 1, images, 32)))
    return build.build(), [int8(images, 8, 8, 3)]


def stored(outputs: list[Array]) -> list[bytes | None]:
    """Canonical bytes of every output."""
    return [pack(output).tobytes() for output in outputs]


def one_stage(outputs: list[Array]) -> list[CommittedStage]:
    """The whole trace as one commitment."""
    return [CommittedStage(0, len(outputs), trace_root([tensor_root(out) for out in outputs]))]


def honest(images: int) -> tuple[Graph, list[Array], list[Array]]:
    """Graph, inputs and right outputs."""
    graph, inputs = every_operator(images)
    return graph, inputs, execute(graph, inputs)
