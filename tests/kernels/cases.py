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


def _other(
    draw: st.DrawFn, build: GraphBuilder, shape: tuple[int, ...], dtype: DType
) -> Value | Array:
    """A second operand: a job input or a constant."""
    return build.input(shape, dtype) if draw(st.booleans()) else draw(arrays(shape, dtype))


def _broadcast(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape, or one with some axes of 1."""
    kept = draw(st.tuples(*[st.booleans()] * 4) | st.just((True,) * 4))
    return tuple(size if keep else 1 for size, keep in zip(shape, kept, strict=True))


def _window(draw: st.DrawFn) -> dict[str, Any]:
    """Every field of a convolution's window, its pad value and zero point."""
    extreme = st.sampled_from([-128, -5, 0, 127])
    return {
        "stride": (draw(FEW), draw(FEW)),
        "dilation": (draw(FEW), draw(FEW)),
        "padding": draw(PADDINGS),
        "pad_value": draw(extreme),
        "zero_point_in": draw(extreme),
    }


@st.composite
def matmul(draw: st.DrawFn) -> Case:
    """Constant or computed B, one or a batch, with and without a bias."""
    build = GraphBuilder()
    m, n = draw(SIZES), draw(SIZES)
    k = draw(SIZES | st.sampled_from([255, 256, 257, 515]))
    batch = draw(st.just((1, 1)) | st.tuples(FEW, FEW))
    a = build.input((*batch, m, k))
    b = _other(draw, build, (*(batch if draw(st.booleans()) else (1, 1)), n, k), DType.INT8)
    build.matmul(a, b, int32(draw, n) if draw(st.booleans()) else None)
    return _finish(draw, build)


@st.composite
def convolution(draw: st.DrawFn) -> Case:
    """Every window field, pad value and zero point."""
    build = GraphBuilder()
    x = _image(draw, build, DType.INT8)
    channels = draw(SIZES)
    weights = int8(draw, channels, draw(FEW), draw(FEW), x.spec.shape[3])
    try:
        build.convolution(
            x,
            weights,
            int32(draw, channels) if draw(st.booleans()) else None,
            **_window(draw),
        )
    except GraphError:
        assume(condition=False)
    return _finish(draw, build)


@st.composite
def requantise(draw: st.DrawFn) -> Case:
    """Both forms and dtypes, multipliers and shifts over their whole range."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    x = _image(draw, build, DType.INT32)
    channels = x.spec.shape[3]
    multipliers = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**30, 2**31 - 1])
    shifts = st.integers(1, 62) | st.sampled_from([1, 31, 32, 33, 62])
    ends = st.integers(dtype.low, dtype.high)
    low, high = sorted((draw(ends), draw(ends)))
    extra: dict[str, Any] = {
        "dtype": dtype,
        "zero_point_out": draw(st.integers(-128, 127)),
        "clamp": draw(st.sampled_from([None, (low, high)])),
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
    """Constant or computed, broadcast or not, and of a tensor with itself."""
    build = GraphBuilder()
    a = _image(draw, build, DType.INT32)
    itself = draw(st.booleans())
    shape = _broadcast(draw, a.spec.shape)
    build.add(a, a if itself else _other(draw, build, shape, DType.INT32))
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


@st.composite
def depthwise(draw: st.DrawFn) -> Case:
    """Every window field, pad value and zero point."""
    build = GraphBuilder()
    x = _image(draw, build, DType.INT8)
    channels = x.spec.shape[3]
    try:
        build.depthwise(
            x,
            int8(draw, channels, draw(FEW), draw(FEW), 1),
            int32(draw, channels) if draw(st.booleans()) else None,
            **_window(draw),
        )
    except GraphError:
        assume(condition=False)
    return _finish(draw, build)


@st.composite
def softmax(draw: st.DrawFn) -> Case:
    """Both dtypes; scales from all equal to one-hot, and any others."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    size = draw(SIZES | st.sampled_from([300, 2048]))
    x = build.input((1, draw(FEW), draw(FEW), size), dtype)
    usual = st.integers(1, 14) if dtype is DType.INT8 else st.integers(18, 34)
    shift = draw(usual | st.sampled_from([1, 31, 32, 33, 61, 62]))
    multiplier = st.integers(1, 1 << 16) | st.sampled_from([1, 2**30, 2**31 - 1])
    build.softmax(x, draw(multiplier), shift)
    return _finish(draw, build)


@st.composite
def layer_norm(draw: st.DrawFn) -> Case:
    """Any gamma and beta; rows of one value, small ones and extremes."""
    build = GraphBuilder()
    size = draw(SIZES | st.sampled_from([300, 1984]))
    x = build.input((1, draw(FEW), draw(FEW), size), DType.INT32)
    shift = draw(st.integers(16, 34) | st.sampled_from([1, 31, 32, 33, 61, 62]))
    build.layer_norm(x, int32(draw, size), int32(draw, size), shift)
    graph, inputs = _finish(draw, build)
    limit = draw(st.sampled_from([1, 3, 200, 1 << 15, 1 << 32]))
    return graph, [inputs[0] % limit if limit < 1 << 32 else inputs[0]]


@st.composite
def as_strided(draw: st.DrawFn) -> Case:
    """Both dtypes, any steps and offset that stay inside."""
    build = GraphBuilder()
    x = _image(draw, build, draw(st.sampled_from(DType)))
    left = int(np.prod(x.spec.shape)) - 1
    shape, steps = [draw(SIZES) for _ in range(4)], []
    for size in shape:
        step = draw(st.integers(0, left // (size - 1) if size > 1 else 2**32 - 1))
        steps.append(step)
        left -= (size - 1) * step
    build.as_strided(x, tuple(shape), tuple(steps), draw(st.integers(0, left)))
    return _finish(draw, build)


@st.composite
def concat(draw: st.DrawFn) -> Case:
    """Both dtypes, every axis, constant or computed, and of a tensor with itself."""
    build = GraphBuilder()
    dtype = draw(st.sampled_from(DType))
    a = _image(draw, build, dtype)
    axis = draw(st.integers(0, 3))
    shape = list(a.spec.shape)
    shape[axis] = draw(SIZES)
    itself = draw(st.booleans())
    build.concat(a, a if itself else _other(draw, build, tuple(shape), dtype), axis)
    return _finish(draw, build)


@st.composite
def gather(draw: st.DrawFn) -> Case:
    """Both dtypes of the table, constant or computed; indices inside and outside."""
    build = GraphBuilder()
    indices = build.input((draw(FEW), draw(SIZES), draw(FEW), 1), DType.INT32)
    rows = draw(SIZES)
    shape = (rows, draw(SIZES | st.just(300)))
    build.gather(indices, _other(draw, build, shape, draw(st.sampled_from(DType))))
    graph, inputs = _finish(draw, build)
    if draw(st.booleans()):
        inputs[0] = inputs[0] % (2 * rows) - 1
    return graph, inputs


@st.composite
def reduce_sum(draw: st.DrawFn) -> Case:
    """Both dtypes."""
    build = GraphBuilder()
    build.reduce_sum(_image(draw, build, draw(st.sampled_from(DType))))
    return _finish(draw, build)


@st.composite
def multiply(draw: st.DrawFn) -> Case:
    """Constant or computed, broadcast or not, and of a tensor with itself."""
    build = GraphBuilder()
    a = _image(draw, build, DType.INT8)
    itself = draw(st.booleans())
    shape = _broadcast(draw, a.spec.shape)
    zero_point = st.integers(-128, 127)
    build.multiply(
        a,
        a if itself else _other(draw, build, shape, DType.INT8),
        zero_point_a=draw(zero_point),
        zero_point_b=draw(zero_point),
    )
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
    Opcode.DEPTHWISE: depthwise,
    Opcode.SOFTMAX: softmax,
    Opcode.LAYER_NORM: layer_norm,
    Opcode.AS_STRIDED: as_strided,
    Opcode.CONCAT: concat,
    Opcode.GATHER: gather,
    Opcode.REDUCE_SUM: reduce_sum,
    Opcode.MULTIPLY: multiply,
}
