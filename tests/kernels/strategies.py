"""Strategies for the parts of random one-operator graphs: odd shapes and extreme values."""

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from kernels.graph import Graph, GraphBuilder, Narrowing, Value
from kernels.trace import DType
from kernels.trace.layout import Array

Case = tuple[Graph, list[Array]]

SIZES = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33])
FEW = st.integers(1, 4)
MOST_PADDING = 3


@st.composite
def arrays(draw: st.DrawFn, shape: tuple[int, ...], dtype: DType) -> Array:
    """Draws values uniform over the whole range, or only extremes, zeros and ones."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        values = random.integers(dtype.low, dtype.high, shape, endpoint=True)
    else:
        values = random.choice([dtype.low, dtype.low + 1, -1, 0, 1, dtype.high], shape)
    return values.astype(dtype.numpy)


def int8(draw: st.DrawFn, *shape: int) -> npt.NDArray[np.int8]:
    """Draws an int8 array."""
    return draw(arrays(shape, DType.INT8))


def int32(draw: st.DrawFn, *shape: int) -> npt.NDArray[np.int32]:
    """Draws an int32 array."""
    return draw(arrays(shape, DType.INT32))


MULTIPLIERS = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**30, 2**31 - 1])
SHIFTS = st.integers(1, 62) | st.sampled_from([1, 31, 32, 33, 38, 62])


@st.composite
def narrowing(draw: st.DrawFn, channels: int = 0) -> Narrowing:
    """Draws how sums become int8: one scale, or also one per channel if there are channels."""
    multiplier: Any = draw(MULTIPLIERS)
    shift: Any = draw(SHIFTS)
    if channels and draw(st.booleans()):
        multiplier, shift = (
            np.array(draw(st.lists(each, min_size=channels, max_size=channels)), np.int64)
            for each in (MULTIPLIERS, SHIFTS)
        )
    return Narrowing(multiplier, shift, draw(st.integers(-128, 127)), draw(clamps()))


@st.composite
def clamps(draw: st.DrawFn) -> tuple[int, int]:
    """Draws a range of int8, often the whole one."""
    ends = st.integers(-128, 127)
    low, high = sorted((draw(ends), draw(ends)))
    return draw(st.sampled_from([(-128, 127), (low, high)]))


def finish(draw: st.DrawFn, build: GraphBuilder) -> Case:
    """Returns the graph with random inputs."""
    graph = build.build()
    return graph, [draw(arrays(spec.shape, spec.dtype)) for spec in graph.inputs]


def image(draw: st.DrawFn, build: GraphBuilder, dtype: DType) -> Value:
    """Adds a job input of four axes."""
    return build.input((draw(FEW), draw(SIZES), draw(SIZES), draw(SIZES)), dtype)


def other_operand(
    draw: st.DrawFn, build: GraphBuilder, shape: tuple[int, ...], dtype: DType
) -> Value | Array:
    """Returns a second operand: a job input or a constant."""
    return build.input(shape, dtype) if draw(st.booleans()) else draw(arrays(shape, dtype))


def broadcast(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape, or one with some axes of 1."""
    kept = draw(st.tuples(*[st.booleans()] * 4) | st.just((True,) * 4))
    return tuple(size if keep else 1 for size, keep in zip(shape, kept, strict=True))


def padding(
    draw: st.DrawFn, sizes: tuple[int, int], extents: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Returns a padding below the window's extents with which the window fits the image."""
    before, after = [], []
    for size, extent in zip(sizes, extents, strict=True):
        most = min(MOST_PADDING, extent - 1)
        before.append(draw(st.integers(max(0, extent - size - most), most)))
        after.append(draw(st.integers(max(0, extent - size - before[-1]), most)))
    return before[0], before[1], after[0], after[1]


def window(draw: st.DrawFn, x: Value, kernel: tuple[int, int]) -> dict[str, Any]:
    """Returns every field of a convolution's window, its pad value and its zero point.

    The window fits the image: cases that the rules refuse would only be thrown away.
    """
    sizes = x.spec.shape[1], x.spec.shape[2]
    dilation, extents = [], []
    for size, taps in zip(sizes, kernel, strict=True):
        fitting = [each for each in range(1, 5) if _fits(size, each * (taps - 1) + 1)]
        dilation.append(draw(st.sampled_from(fitting)))
        extents.append(dilation[-1] * (taps - 1) + 1)
    extreme = st.sampled_from([-128, -5, 0, 127])
    return {
        "stride": (draw(FEW), draw(FEW)),
        "dilation": (dilation[0], dilation[1]),
        "padding": padding(draw, sizes, (extents[0], extents[1])),
        "pad_value": draw(extreme),
        "zero_point_in": draw(extreme),
    }


def _fits(size: int, extent: int) -> bool:
    return extent <= size + 2 * min(MOST_PADDING, extent - 1)
