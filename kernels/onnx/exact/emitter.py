"""Appends operators that change a tensor's axis order or scale, or prepare tensors for a sum."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from kernels.graph import GraphBuilder, Value
from kernels.graph.fixed_point import fixed_point
from kernels.onnx.exact.errors import FormError
from kernels.onnx.exact.network import HIGH, LOW, Quantisation, Real
from kernels.onnx.exact.tensor import Layout, Tensor, stored_shape
from kernels.trace import DType, Shape, row_stride, shape4
from kernels.trace.layout import Array

NEAR = 1e-12
LARGEST_FACTOR = 2.0**28

Key = tuple[object, ...]


class Emitter:
    """Appends operators to a graph.

    Each method returns a tensor or a value, and reuses what an earlier equal call appended.
    """

    def __init__(self) -> None:
        self.build = GraphBuilder()
        self._known: dict[Key, Tensor] = {}

    def stored(self, tensor: Tensor, shape: tuple[int, ...]) -> Value:
        """Returns the elements in row-major order of ONNX's axes, under at most four axes."""
        return self.arranged(tensor, shape).value

    def arranged(self, tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Returns the same elements as `stored`, as a tensor of that shape."""
        wanted = stored_shape(shape)
        key: Key = (
            "arranged",
            tensor.value,
            tensor.layout.strides,
            tensor.shape,
            tensor.offset,
            wanted,
            tensor.scale.tobytes(),
            tensor.zero_point,
        )
        if key not in self._known:
            self._known[key] = self._arranged(tensor, wanted)
        return self._known[key].viewed_as(shape)

    def int8(self, tensor: Tensor, target: Quantisation) -> Tensor:
        """Returns the tensor rounded and clamped to int8 at the target's scale; the view stays."""
        full = (target.low, target.high) == (LOW, HIGH)
        if tensor.dtype is DType.INT8 and not tensor.per_channel:
            if tensor.quantisation == replace(target, low=LOW, high=HIGH) and full:
                return tensor
            return self.table(tensor, lambda real: real, target)
        wide = tensor if tensor.dtype is DType.INT32 else self.int32(tensor)
        key: Key = ("int8", wide.value, wide.scale.tobytes(), target)
        if key not in self._known:
            value = self._scaled(
                wide, wide.scale / target.scale, DType.INT8, target.zero_point, target
            )
            self._known[key] = wide.rewritten(value, target.scale, target.zero_point)
        return wide.rewritten(self._known[key].value, target.scale, target.zero_point)

    def channels(self, tensor: Tensor, scales: Real) -> Tensor:
        """Returns the tensor as int8 with one scale per last-axis position and zero point 0."""
        wide = self.arranged(self.int32(tensor), stored_shape(tensor.shape))
        key: Key = ("channels", wide.value, wide.scale.tobytes(), scales.tobytes())
        if key not in self._known:
            multiplier, shift = fixed_point(wide.scale / scales)
            self._known[key] = wide.rewritten(
                self.build.requantise(wide.value, multiplier, shift), scales
            )
        return self._known[key].viewed_as(tensor.shape)

    def int32(self, tensor: Tensor, scale: float | None = None, sign: int = 1) -> Tensor:
        """Returns the tensor as int32 with one scale and zero point 0, with the same view.

        By default the tensor keeps its own scale. Raises FormError for a negative sign on a
        tensor that is not int8.
        """
        wide = tensor
        if tensor.dtype is DType.INT8:
            key: Key = ("wide", tensor.value, tensor.scale.tobytes(), tensor.zero_point, sign)
            if key not in self._known:
                one = np.full((1, 1, 1, 1), sign, np.int8)
                value = self.build.multiply(tensor.value, one, zero_point_a=tensor.zero_point)
                self._known[key] = tensor.rewritten(value)
            wide = tensor.rewritten(self._known[key].value)
        elif sign < 0:
            raise FormError("the subtracted tensor is not int8; quantise it first")
        if scale is None and not wide.per_channel:
            return wide
        target = float(np.max(wide.scale)) if scale is None else scale
        if not wide.per_channel and abs(float(wide.scale) / target - 1) < NEAR:
            return wide
        key = ("int32", wide.value, wide.scale.tobytes(), target)
        if key not in self._known:
            value = self._scaled(wide, wide.scale / target, DType.INT32, 0, None)
            self._known[key] = wide.rewritten(value, target)
        return wide.rewritten(self._known[key].value, target)

    def table(
        self, tensor: Tensor, function: Callable[[Real], Real], target: Quantisation
    ) -> Tensor:
        """Returns a function of an int8 tensor of one scale, computed by look-up."""
        codes = np.arange(LOW, HIGH + 1, dtype=np.float64)
        real = (codes - tensor.zero_point) * float(tensor.scale)
        with np.errstate(all="ignore"):
            values = target.of(function(real))
        if np.array_equal(values, codes):
            return tensor.rewritten(tensor.value, target.scale, target.zero_point)
        key: Key = ("table", tensor.value, values.tobytes())
        if key not in self._known:
            value = self.build.lookup(tensor.value, values.reshape(1, 1, 1, -1))
            self._known[key] = tensor.rewritten(value, target.scale, target.zero_point)
        return tensor.rewritten(self._known[key].value, target.scale, target.zero_point)

    def clamp(self, tensor: Tensor, low: int, high: int) -> Tensor:
        """Returns the tensor with its stored elements clamped to low..high."""
        if low <= tensor.dtype.low and high >= tensor.dtype.high:
            return tensor
        value = self.build.relu(tensor.value, max(low, tensor.dtype.low), high)
        return tensor.rewritten(value, zero_point=tensor.zero_point)

    def indices(self, source: Value, numbers: Array) -> Value:
        """Returns constant numbers [1, 1, count, 1] int32 as an operator can read them.

        An operator takes no constant first, so a product of any element with zeros adds them as its
        bias. Its row has no padding, so that it can be read as a column.
        """
        key: Key = ("indices", numbers.astype(np.int32).tobytes())
        if key not in self._known:
            seed = self._seed(source)
            count = len(numbers)
            width = row_stride(4 * count) // 4
            bias = np.zeros(width, np.int32)
            bias[:count] = numbers
            row = self.build.matmul(seed, np.zeros((width, 1), np.int8), bias)
            column = self.build.view(row, (1, 1, width, 1))
            if count < width:
                column = self.build.as_strided(column, (1, 1, count, 1), (0, 0, 1, 0))
            self._known[key] = Tensor.dense(column, (count,), 1.0)
        return self._known[key].value

    def _seed(self, source: Value) -> Value:
        """Returns one int8 element, whichever it is."""
        key: Key = ("seed",)
        if key not in self._known:
            seed = self.build.as_strided(source, (1, 1, 1, 1), (0, 0, 0, 0))
            if seed.spec.dtype is DType.INT32:
                seed = self.build.requantise(seed, 1, 1)
            self._known[key] = Tensor.dense(seed, (1,), 1.0)
        return self._known[key].value

    def is_last(self, value: Value) -> bool:
        """Returns whether the latest operator wrote this value."""
        return self.build.latest == value.source

    def paired(self, a: Tensor, b: Tensor) -> tuple[Tensor, Value, Value]:
        """Returns both tensors under four axes that an operator with broadcasting accepts.

        The first item is a's view of the result: replace its value with the operator's. Raises
        FormError where four axes are not enough.
        """
        shape = np.broadcast_shapes(a.shape, b.shape)
        if a.shape != shape or not a.covers:
            a = self._expanded(a, shape)
        sizes, order = self._axes(a, b.shape)
        left = self.arranged(a.viewed(a.layout.transpose(order)), sizes[0])
        spread = b.layout.reshape((1,) * (len(shape) - b.layout.ndim) + b.shape)
        right = self.stored(b.viewed(spread.transpose(order)), sizes[1])
        return self._seen(left, shape, order), left.value, right

    def beside(self, a: Tensor, constant: Array) -> tuple[Tensor, Value, Array]:
        """Does the same as `paired` for a constant."""
        shape = np.broadcast_shapes(a.shape, constant.shape)
        if a.shape != shape or not a.covers:
            a = self._expanded(a, shape)
        sizes, order = self._axes(a, constant.shape)
        left = self.arranged(a.viewed(a.layout.transpose(order)), sizes[0])
        spread = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
        right = np.ascontiguousarray(spread.transpose(order).reshape(sizes[1]))
        return self._seen(left, shape, order), left.value, right

    def _seen(self, left: Tensor, shape: tuple[int, ...], order: tuple[int, ...]) -> Tensor:
        moved = left.layout.reshape([shape[axis] for axis in order])
        return left.viewed(moved.transpose(np.argsort(order)))

    def _expanded(self, tensor: Tensor, shape: tuple[int, ...]) -> Tensor:
        spread = np.broadcast_to(tensor.layout, shape)
        return self.arranged(tensor.viewed(spread), stored_shape(shape)).viewed_as(shape)

    def _axes(
        self, a: Tensor, other: tuple[int, ...]
    ) -> tuple[tuple[Shape, Shape], tuple[int, ...]]:
        """Returns four axes of A and of the operand broadcast to it, and A's axis order."""
        order = a.order
        spread = (1,) * (len(a.shape) - len(other)) + other
        axes = [(a.shape[at], spread[at]) for at in order if a.shape[at] > 1] or [(1, 1)]
        while len(axes) > 4:
            for at in range(len(axes) - 2):
                first, second = axes[at], axes[at + 1]
                alike = (first[0] == first[1]) == (second[0] == second[1])
                if alike:
                    axes[at : at + 2] = [(first[0] * second[0], first[1] * second[1])]
                    break
            else:
                raise FormError(f"{a.shape} and {other} need more than four axes")
        return (shape4(tuple(x for x, _ in axes)), shape4(tuple(y for _, y in axes))), order

    def _arranged(self, tensor: Tensor, shape: Shape) -> Tensor:
        moved = self._reshaped(tensor.layout, shape)
        if moved is None:
            seen = tensor.viewed(_merged(tensor.layout))
            if seen.layout.ndim > 4:
                return self._arranged(self._sorted(seen), shape)
            first = self._arranged(seen, shape4(seen.shape or (1,)))
            return self._arranged(first.viewed(first.layout.reshape(tensor.shape)), shape)
        view = tensor.viewed(moved)
        if view.row_major and (not tensor.per_channel or shape[3] == len(tensor.scale)):
            value = self.build.reshape(tensor.value, shape)
            return Tensor.dense(value, shape, tensor.scale, tensor.zero_point)
        if tensor.per_channel:
            return self._arranged(self.int32(tensor), shape)
        steps = tuple(
            step if size > 1 else 0 for step, size in zip(moved.strides, shape, strict=True)
        )
        value = self.build.as_strided(tensor.value, shape, steps, tensor.offset)
        return Tensor.dense(value, shape, tensor.scale, tensor.zero_point)

    def _sorted(self, seen: Tensor) -> Tensor:
        """Returns the tensor after one copy that moves another axis to its place at the end.

        Axes that are in place count as one, so that each copy has at most four. Raises
        FormError where the view leaves out elements between too many axes.
        """
        axes = seen.layout.ndim
        stored = list(seen.order)
        for place in reversed(range(axes)):
            order = [axis for axis in stored if axis < place] + list(range(place, axes))
            if order == stored:
                continue
            turned = seen.layout.transpose(order)
            flat = _merged(turned)
            if flat.ndim <= 4:
                copied = self._arranged(seen.viewed(flat), shape4(flat.shape))
                layout = copied.layout.reshape(turned.shape)
                return copied.viewed(layout.transpose(tuple(np.argsort(order))))
        raise FormError(f"a view of {seen.layout.size} elements has {axes} axes; at most four")

    @staticmethod
    def _reshaped(layout: Layout, shape: Shape) -> Layout | None:
        try:
            return layout.reshape(shape, copy=False)
        except ValueError:
            return None

    def _scaled(
        self, wide: Tensor, factor: Real, dtype: DType, zero_point: int, clamp: Quantisation | None
    ) -> Value:
        if dtype is DType.INT8:
            # One step of the input is then more than int8 holds, as it is with any larger factor.
            factor = np.minimum(factor, LARGEST_FACTOR)
        multiplier, shift = fixed_point(np.atleast_1d(factor))
        limits = None if clamp is None else (clamp.low, clamp.high)
        if wide.per_channel:
            return self.build.requantise(
                wide.value, multiplier, shift, zero_point_out=zero_point, clamp=limits, dtype=dtype
            )
        return self.build.requantise(
            wide.value,
            int(multiplier[0]),
            int(shift[0]),
            zero_point_out=zero_point,
            clamp=limits,
            dtype=dtype,
        )


def _merged(layout: Layout) -> Layout:
    """Returns the same elements in the same order under the fewest axes."""
    sizes: list[int] = []
    steps: list[int] = []
    for size, step in zip(layout.shape, layout.strides, strict=True):
        if size == 1:
            continue
        if sizes and steps[-1] == step * size:
            sizes[-1], steps[-1] = sizes[-1] * size, step
        else:
            sizes, steps = [*sizes, size], [*steps, step]
    return layout.reshape(sizes, copy=False)
