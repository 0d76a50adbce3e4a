"""Graphs that together have every opcode and every optional field."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.graph import Graph, GraphBuilder, Narrowing
from kernels.trace import DType


def int8(*shape: int) -> npt.NDArray[np.int8]:
    """Returns a fixed pattern that uses the whole range."""
    count = int(np.prod(shape))
    return (np.arange(count) * 37 % 256 - 128).astype(np.int8).reshape(shape)


def int32(*shape: int) -> npt.NDArray[np.int32]:
    """Returns a fixed pattern of both signs."""
    count = int(np.prod(shape))
    return (np.arange(count) * 7919 % 20011 - 10005).astype(np.int32).reshape(shape)


def every_operator() -> Graph:
    """Returns a small image network in odd shapes, with every optional field of its operators."""
    build = GraphBuilder()
    x = build.input((2, 9, 7, 3))
    y = build.convolution(
        x,
        int8(6, 3, 2, 3),
        int32(6),
        stride=(2, 1),
        dilation=(1, 2),
        padding=(1, 0, 2, 1),
        pad_value=-7,
        zero_point_in=-7,
    )
    y = build.requantise(y, np.arange(1, 7) << 24, np.arange(28, 34), zero_point_out=3)
    y = build.relu(y, 3)
    y = build.max_pool(y, (2, 3), stride=(2, 1), padding=(1, 1, 0, 2))
    y = build.lookup(y, int8(256)[::-1])
    z = build.matmul(build.view(y, (y.spec.rows, 6)), int8(5, 6), int32(5))
    z = build.add(z, int32(z.spec.shape[2], 5))
    z = build.add(z, z)
    z = build.relu(z, -4000, 900_000)
    build.argmax(build.requantise(z, 2**31 - 1, 44, clamp=(-100, 99)))
    build.argmax(z)
    return build.build()


def two_inputs() -> Graph:
    """Returns a product of two job inputs, and a view that regroups rows."""
    build = GraphBuilder()
    a = build.input((3, 1, 1, 64))
    b = build.input((4, 64))
    y = build.matmul(build.view(a, (3, 64)), b)
    y = build.requantise(y, 1, 1)
    build.convolution(build.view(y, (1, 1, 3, 4)), int8(1, 1, 3, 4))
    return build.build()


def attention() -> Graph:
    """Returns the operators of transformers and mobile networks, with every optional field."""
    build = GraphBuilder()
    query = build.input((2, 3, 5, 6))
    key = build.input((2, 3, 7, 6))
    weights = build.softmax(build.matmul(query, key), 1_518_500_250, 26)
    mixed = build.matmul(weights, build.transpose(key, (0, 1, 3, 2)))
    scaled = build.requantise(mixed, 1_518_500_250, 35, zero_point_out=-9, dtype=DType.INT32)
    per_channel = build.requantise(
        scaled, np.arange(1, 7) << 28, np.arange(28, 34), clamp=(-900, 70_000), dtype=DType.INT32
    )
    moved = build.add(build.add(per_channel, int32(1, 3, 1, 6)), build.reduce_sum(scaled))
    normal = build.layer_norm(moved, int32(6) << 12, int32(6), 30)
    narrow = build.requantise(normal, 1 << 30, 35)
    joined = build.concat(query, narrow, 2)
    gated = build.multiply(joined, int8(2, 1, 10, 1), zero_point_a=-128, zero_point_b=127)
    best = build.argmax(build.concat(gated, int32(2, 3, 10, 1), 3))
    build.gather(best, int8(5, 6))
    rows = build.gather(best, build.view(moved, (30, 6)))
    build.add(build.reduce_sum(build.softmax(joined, 1 << 20, 18)), best)
    deep = build.depthwise(
        joined,
        int8(6, 2, 3, 1),
        int32(6),
        stride=(1, 2),
        dilation=(2, 3),
        padding=(2, 1, 0, 4),
        pad_value=-7,
        zero_point_in=-7,
    )
    build.slice(deep, (1, 0, 2, 1), (1, 2, 1, 2), (1, 1, 1, 3))
    build.as_strided(rows, (3, 1, 4, 5), (120, 9, 0, 13), 31)
    build.matmul(joined, int8(3, 6), int32(3))
    return build.build()


def narrowed() -> Graph:
    """Returns every operator that rounds its sums to int8, with every optional field."""
    build = GraphBuilder()
    x = build.input((2, 5, 4, 6))
    one = Narrowing(1_518_500_250, 38, 9, (-90, 101))
    scales = Narrowing(np.arange(3, 9) << 27, np.arange(38, 44), -4)
    window: dict[str, Any] = {
        "stride": (1, 2),
        "padding": (1, 1, 2, 0),
        "pad_value": -7,
        "zero_point_in": -7,
    }
    y = build.convolution(x, int8(6, 3, 2, 6), int32(6), to=scales, **window)
    near = build.depthwise(x, int8(6, 3, 2, 1), int32(6), to=scales, **window)
    total = build.add_int8(
        y,
        near,
        (1_518_500_250, -1_200_000_000),
        31,
        zero_point_a=-4,
        zero_point_b=-4,
        zero_point_out=5,
        clamp=(-99, 100),
    )
    moved = build.add_int8(total, int8(1, 6, 1, 6), (3 << 20, 1 << 20), 22, zero_point_b=127)
    to_one = Narrowing(1_518_500_250, 37, -3, (-100, 127))
    gated = build.multiply(moved, total, zero_point_a=5, zero_point_b=-128, to=to_one)
    scores = build.matmul(gated, near, to=one)
    build.matmul(build.view(gated, (24, 6)), int8(1, 6), int32(1), to=one)
    build.matmul(scores, int8(5, 2), int32(5), to=Narrowing(1 << 30, 38))
    return build.build()


def matmul_at_the_limit() -> Graph:
    """Returns a product whose K of 4,096 takes exactly 8,192 operand bytes."""
    build = GraphBuilder()
    build.matmul(build.input((1, 4096)), build.input((2, 4096)))
    return build.build()


def graphs() -> dict[str, Graph]:
    """Returns valid graphs by name."""
    return {
        "every operator": every_operator(),
        "two job inputs and a view": two_inputs(),
        "matmul at the limit": matmul_at_the_limit(),
        "attention": attention(),
        "narrowed": narrowed(),
    }
