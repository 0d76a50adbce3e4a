"""A tensor of the network as a strided view of what an exact operator wrote."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kernels.codes import InputKind
from kernels.graph import Value
from kernels.onnx.exact.network import Quantisation, Real
from kernels.trace import DType
from kernels.trace.layout import Array

Layout = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """Real numbers scale · (stored − zero_point), in ONNX's shape and order of axes.

    `layout` is an int8 array whose elements are never read: its shape is ONNX's, and its strides
    are the steps in elements through the stored value, so that NumPy does the arithmetic of views.
    `origin` is the array of all stored elements. `scale` is a scalar, or a vector over the last
    stored axis.
    """

    value: Value
    layout: Layout
    origin: Layout
    scale: Real
    zero_point: int = 0

    @classmethod
    def dense(
        cls, value: Value, shape: tuple[int, ...], scale: Real | float, zero_point: int = 0
    ) -> "Tensor":
        """Returns the value's elements in row-major order under ONNX's shape."""
        origin = np.empty(int(np.prod(value.spec.shape)), np.int8)
        return cls(value, origin.reshape(shape), origin, np.asarray(scale, np.float64), zero_point)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape in ONNX."""
        return self.layout.shape

    @property
    def dtype(self) -> DType:
        """The type of the stored elements."""
        return self.value.spec.dtype

    @property
    def offset(self) -> int:
        """The number of stored elements before the view's first."""
        return self.layout.ctypes.data - self.origin.ctypes.data

    @property
    def per_channel(self) -> bool:
        """Whether every channel has its own scale."""
        return self.scale.ndim > 0

    @property
    def quantisation(self) -> Quantisation:
        """The quantisation of an int8 tensor with one scale."""
        return Quantisation(float(self.scale), self.zero_point)

    @property
    def covers(self) -> bool:
        """Whether the view shows every stored element exactly once."""
        expected = 1
        for step, size in sorted(
            (step, size)
            for step, size in zip(self.layout.strides, self.shape, strict=True)
            if size > 1
        ):
            if step != expected:
                return False
            expected *= size
        return expected == self.origin.size

    @property
    def row_major(self) -> bool:
        """Whether the view shows all stored elements in their order."""
        steps = np.empty(self.shape, np.int8).strides
        pairs = zip(self.shape, self.layout.strides, steps, strict=True)
        return self.covers and all(size == 1 or step == dense for size, step, dense in pairs)

    @property
    def order(self) -> tuple[int, ...]:
        """The axes from the outermost stored to the innermost; axes of one element come first."""
        strides = self.layout.strides
        return tuple(
            sorted(
                range(self.layout.ndim),
                key=lambda axis: (self.shape[axis] > 1, -strides[axis]),
            )
        )

    def real(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Real:
        """Returns the real numbers, given job inputs and the outputs of a graph's operators."""
        source = self.value.source
        held = inputs if source.kind is InputKind.JOB_INPUT else outputs
        units = held[source.index].reshape(self.value.spec.shape).astype(np.float64)
        real = np.ascontiguousarray((units - self.zero_point) * self.scale).reshape(-1)
        steps = tuple(step * real.itemsize for step in self.layout.strides)
        return np.asarray(
            np.lib.stride_tricks.as_strided(real[self.offset :], self.shape, steps, writeable=False)
        )

    def viewed(self, layout: Layout) -> "Tensor":
        """Returns the same stored value under another view."""
        return replace(self, layout=layout)

    def viewed_as(self, shape: tuple[int, ...]) -> "Tensor":
        """Returns the same view under another shape; raises ValueError if that needs a copy."""
        return replace(self, layout=self.layout.reshape(shape, copy=False))

    def rewritten(
        self, value: Value, scale: Real | float | None = None, zero_point: int = 0
    ) -> "Tensor":
        """Returns the result of an elementwise operator on the stored value, with the same view."""
        new = self.scale if scale is None else np.asarray(scale, np.float64)
        return replace(self, value=value, scale=new, zero_point=zero_point)


def stored_shape(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Returns four axes for any number of them: the outermost ones are merged into one."""
    padded = (1,) * (4 - len(shape)) + shape
    inner = padded[len(padded) - 3 :]
    return int(np.prod(padded[: len(padded) - 3])), inner[0], inner[1], inner[2]
