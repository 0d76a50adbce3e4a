"""The 256-byte descriptor: its fields, their layout, and why one is refused."""

from kernels.codes import DESCRIPTOR_BYTES, ConstantSlot, InputKind, Opcode, Rounding
from kernels.descriptor.descriptor import (
    NO_ROOT,
    NO_SHAPE,
    NO_WINDOW,
    Descriptor,
    Input,
    Window,
)
from kernels.descriptor.errors import GraphError, Reason
from kernels.descriptor.signature import Signature, Slot
from kernels.descriptor.tensor import Operand, TensorSpec, Value, operand_shape, output_spec

__all__ = [
    "DESCRIPTOR_BYTES",
    "NO_ROOT",
    "NO_SHAPE",
    "NO_WINDOW",
    "ConstantSlot",
    "Descriptor",
    "GraphError",
    "Input",
    "InputKind",
    "Opcode",
    "Operand",
    "Reason",
    "Rounding",
    "Signature",
    "Slot",
    "TensorSpec",
    "Value",
    "Window",
    "operand_shape",
    "output_spec",
]
