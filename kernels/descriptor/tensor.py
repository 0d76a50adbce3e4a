"""The shape and element type of a tensor, and a tensor that a descriptor's input names."""

from dataclasses import dataclass

from kernels.descriptor.descriptor import Descriptor, Input
from kernels.trace import Array, DType, Shape, row_stride, shape4


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape (NHWC, leading ones) and element type of a tensor."""

    shape: Shape
    dtype: DType

    @property
    def rows(self) -> int:
        """Number of rows; a row is the last axis."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def row_bytes(self) -> int:
        """Bytes per row without its padding."""
        return self.shape[3] * self.dtype.size

    @property
    def stride(self) -> int:
        """Bytes from one row to the next."""
        return row_stride(self.row_bytes)

    @property
    def stored_bytes(self) -> int:
        """Length of the canonical bytes."""
        return self.rows * self.stride

    def same_bytes(self, other: "TensorSpec") -> bool:
        """Returns whether the canonical bytes are the same under the other shape."""
        if self.dtype is not other.dtype:
            return False
        if self.row_bytes == other.row_bytes:
            return self.rows == other.rows
        dense = self.row_bytes == self.stride and other.row_bytes == other.stride
        return dense and self.stored_bytes == other.stored_bytes


def output_spec(descriptor: Descriptor) -> TensorSpec:
    """Returns what an operator writes."""
    return TensorSpec(descriptor.output_shape, descriptor.dtype_out)


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor inside a graph under construction: where it is read, and its form."""

    source: Input
    spec: TensorSpec


Operand = Value | Array
"""A computed tensor, or a constant."""


def operand_shape(operand: Operand) -> Shape:
    """Returns a tensor's shape with its leading ones."""
    return operand.spec.shape if isinstance(operand, Value) else shape4(operand.shape)
