"""Random one-operator graphs with odd shapes and extreme values."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume
from hypothesis import strategies as st

from kernels.graph import Graph, GraphBuilder, GraphError, Opcode, Value
from kernels.trace import DType
from kernels.trace.layout import Array

Case = tuple[Graph, list[Array]]

SIZES = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 31, 33])
FEW = st.integers(1, 4)
PADDINGS = st.tuples(*[st.integers(0, 3)] * 4)


@st.composite
def arrays(draw: st.DrawFn, shape: tuple[int, ...], dtype: DType) -> Array:
    """Uniform over the whole range, or nothing but extremes, zeros and ones."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.booleans()):
        values = random.integers(dtype.low, dtype.high, shape, endpoint=True)
    else:
        values = random.choice([dtype.low, dtype.low + 1, -1, 0, 1, dtype.high], shape)
    return values.astype(dtype.numpy)


def int8(draw: st.DrawFn, *shape: int) -> npt.NDArray[np.int8]:
    """An int8 array."""
    return draw(arrays(shape, DType.INT8))


def int32(draw: st.DrawFn, *shape: int) -> npt.NDArray[np.int32]:
    """An int32 array."""
    return draw(arrays(shape, DType.INT32))


def _finish(draw: st.DrawFn, build: GraphBuilder) -> Case:
    graph = build.build()
    return graph, [draw(arrays(spec.shape, spec.dtype)) for spec in graph.inputs]


def _image(draw: st.DrawFn, build: GraphBuilder, dtype: DType) -> Value:
    return build.input((draw(FEW), draw(SIZES), draw(SIZES), draw(SIZES)), dtype)


@st.composite
def matmul(draw: st.DrawFn) -> Case:
    """Constant or computed B, with and without a bias."""
    build = GraphBuilder()
    m, n = draw(SIZES), draw(SIZES)
    k = draw(SIZES | st.sampled_from([255, 256, 257, 515]))
    a = build.input((m, k))
    b = build.input((n, k)) if draw(st.booleans()) else int8(draw, n, k)
    build.matmul(a, b, int32(draw, n) if draw(st.booleans()) else None)
    return _finish(draw, build)


@st.composite
def convolution(draw: st.DrawFn) -> Case:
    """Every window field, pad value and zero point."""
    build = GraphBuilder()
    x = _image(draw, build, DType.INT8)
    channels = draw(SIZES)
    weights = int8(draw, channels, draw(FEW), draw(FEW), x.spec.shape[3])
    extreme = st.sampled_from([-128, -5, 0, 127])
    try:
        build.convolution(
            x,
            weights,
            int32(draw, channels) if draw(st.booleans()) else None,
            stride=(draw(FEW), draw(FEW)),
            dilation=(draw(FEW), draw(FEW)),
            padding=draw(PADDINGS),
            pad_value=draw(extreme),
            zero_point_in=draw(extreme),
        )
    except GraphError:
        assume(condition=False)
    return _finish(draw, build)


@st.composite
def requantise(draw: st.DrawFn) -> Case:
    """Both forms, multipliers and shifts over their whole range."""
    build = GraphBuilder()
    x = _image(draw, build, DType.INT32)
    channels = x.spec.shape[3]
    multipliers = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**30, 2**31 - 1])
    shifts = st.integers(1, 62) | st.sampled_from([1, 31, 32, 33, 62])
    low, high = sorted((draw(st.integers(-128, 127)), draw(st.integers(-128, 127))))
    extra: dict[str, Any] = {
        "zero_point_out": draw(st.integers(-128, 127)),
        "clamp": draw(st.sampled_from([(-128, 127), (low, high)])),
    }
    if draw(st.booleans()):
        lists = st.lists(multipliers, min_size=channels, max_size=channels)
        spans = st.lists(shifts, min_size=channels, max_size=channels)
        build.requantise(x, np.array(draw(lists)), np.array(draw(spans)), **extra)
    else:
        build.requantise(x, draw(multipliers), draw(shifts), **extra)
    return _finish(draw, build)


@st.composite
def relu(draw: st.DrawFn) -> Case:
    """Both dtypes, any clamp, zero outside the range included."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    x = _image(draw, build, dtype)
    bounds = st.integers(dtype.low, dtype.high)
    build.relu(x, *sorted((draw(bounds), draw(bounds))))
    return _finish(draw, build)


@st.composite
def add(draw: st.DrawFn) -> Case:
    """Constant or computed, and of a tensor with itself."""
    build = GraphBuilder()
    a = _image(draw, build, DType.INT32)
    other = draw(st.sampled_from(["constant", "input", "itself"]))
    if other == "constant":
        build.add(a, int32(draw, *a.spec.shape))
    else:
        build.add(a, a if other == "itself" else build.input(a.spec.shape, DType.INT32))
    return _finish(draw, build)


@st.composite
def max_pool(draw: st.DrawFn) -> Case:
    """Every window field."""
    build = GraphBuilder()
    x = _image(draw, build, DType.INT8)
    kernel = draw(FEW), draw(FEW)
    padding = tuple(draw(st.integers(0, kernel[at % 2] - 1)) for at in range(4))
    try:
        build.max_pool(
            x,
            kernel,
            stride=(draw(FEW), draw(FEW)),
            padding=(padding[0], padding[1], padding[2], padding[3]),
        )
    except GraphError:
        assume(condition=False)
    return _finish(draw, build)


@st.composite
def lookup(draw: st.DrawFn) -> Case:
    """Any table."""
    build = GraphBuilder()
    build.lookup(_image(draw, build, DType.INT8), int8(draw, 256))
    return _finish(draw, build)


@st.composite
def argmax(draw: st.DrawFn) -> Case:
    """Both dtypes; extremes make ties."""
    build = GraphBuilder()
    build.argmax(_image(draw, build, draw(st.sampled_from(DType))))
    return _finish(draw, build)


CASES: Mapping[Opcode, Callable[[], st.SearchStrategy[Case]]] = {
    Opcode.MATMUL: matmul,
    Opcode.CONVOLUTION: convolution,
    Opcode.REQUANTISE: requantise,
    Opcode.RELU: relu,
    Opcode.ADD: add,
    Opcode.MAX_POOL: max_pool,
    Opcode.LOOKUP: lookup,
    Opcode.ARGMAX: argmax,
}
