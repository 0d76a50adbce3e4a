"""What an exact operator is: all that graphs, executors, evidence and documentation know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import Protocol

from kernels.codes import MAX_SHIFT, ConstantSlot, Opcode
from kernels.descriptor import (
    Descriptor,
    GraphError,
    Operand,
    Reason,
    Signature,
    TensorSpec,
    Value,
    output_spec,
)
from kernels.exact.element import Place, Run, Stored, element_run
from kernels.exact.grid import Grid, Point, workgroups
from kernels.trace import Array, DType, Shape


class Step(IntEnum):
    """The place of an operator in a fused chain."""

    PRODUCT = 0
    SCALING = 1
    ACTIVATION = 2


class LinearForm(Enum):
    """How an operator's output is linear in input 0: each form has a Freivalds check of its own."""

    # Each product of a batch is input 0 times the transpose of input 1, plus a bias per column.
    MATRIX_PRODUCT = auto()
    # A window slides over input 0; input 1 has one filter over all channels per output channel.
    CONVOLUTION = auto()


@dataclass(frozen=True, slots=True)
class Fusion:
    """How an operator takes part in a fused chain.

    `buffers` is how many the chain binds when it ends here. `reads_descriptor` says whether the
    fused kernel binds this operator's descriptor.
    """

    step: Step
    buffers: int
    reads_descriptor: bool = True


@dataclass(frozen=True, slots=True)
class Notes:
    """An operator's cells in the tables of kernels/README.md, in Markdown."""

    inputs: str
    output: str
    operand_bytes: str
    runs: str
    taps: str = "1"
    # What the signature alone does not say about the fields.
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A call of an operator, before its shapes are inferred and its constants are hashed.

    `others` are the inputs after `x` by their constant slot; None stands for an absent one. `free`
    is an output shape of which only the free axes count, by default the shape of `x`.
    """

    opcode: Opcode
    dtype_out: DType
    x: Value
    others: Mapping[ConstantSlot, Operand | None] = field(default_factory=dict)
    free: Shape | None = None
    fields: Mapping[str, object] = field(default_factory=dict)


class Operator(Protocol):
    """One exact operator. Each folder of `kernels/exact` has one, as OPERATOR in operator.py.

    The defaults are those of an operator that reads one element of each input per element of its
    output. Every method takes a descriptor of the operator's own opcode.
    """

    opcode: Opcode
    signature: Signature
    # The same of the form that rounds its sums to int8, where there is one: `signature` then has no
    # int8 output.
    narrowed: Signature | None = None
    notes: Notes
    grid: Grid = Grid.WORD
    # None where Freivalds' check does not apply. It applies to the plain form alone.
    linear_form: LinearForm | None = None
    # The leading inputs whose rows match the output's rows, unless they are broadcast. A block of
    # output rows follows from the same rows of these inputs and from all of the other inputs. 0
    # where rows depend on each other.
    rowwise_inputs: int = 0
    fusion: Fusion | None = None
    # Multiply-adds from which the executor searches for the fastest point of the kernel's space.
    tuned_from: int | None = None

    @property
    def name(self) -> str:
        """The opcode's name in lower case, which is the folder's."""
        return self.opcode.name.lower()

    def is_narrowed(self, descriptor: Descriptor) -> bool:
        """Returns whether the descriptor has the form that rounds its sums to int8."""
        return self.narrowed is not None and narrows(descriptor)

    def signature_of(self, descriptor: Descriptor) -> Signature:
        """Returns the signature of the form that the descriptor has."""
        return self.narrowed if self.narrowed and narrows(descriptor) else self.signature

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns the whole output, computed by NumPy: the meaning of the operator."""
        ...

    def expected_shapes(self, descriptor: Descriptor) -> tuple[Shape, ...]:
        """Returns the shapes of the inputs after the first and, last, of the output.

        They follow from input 0 and from the free axes. Raises GraphError on a bad window or axis.
        """
        return (descriptor.input_shapes[0],)

    def check_fields(self, descriptor: Descriptor) -> None:
        """Raises GraphError unless multiplier and shift, where used, are in range."""
        check_scale(descriptor, self.signature_of(descriptor))

    def check_shapes(self, descriptor: Descriptor) -> None:
        """Raises GraphError where shapes that agree with each other still break a rule."""
        return

    def taps(self, descriptor: Descriptor) -> int:
        """Returns the input elements, or products, that go into one output element."""
        return 1

    def operand_bytes(self, descriptor: Descriptor) -> int:
        """Returns the stored bytes, row padding included, that determine one output element."""
        return len(descriptor.inputs) * descriptor.dtype_in.size

    def most_runs(self, descriptor: Descriptor) -> int:
        """Returns the contiguous byte ranges, at most, that hold one element's operands."""
        return len(descriptor.inputs)

    def input_dtype(self, descriptor: Descriptor, position: int) -> DType:
        """Returns the element type of an input that the operator has."""
        if position == 0:
            return descriptor.dtype_in
        dtype = self.signature_of(descriptor).slots[position - 1].dtype
        return descriptor.dtype_out if dtype is None else dtype

    def input_spec(self, descriptor: Descriptor, position: int) -> TensorSpec:
        """Returns what the operator expects as one of its inputs."""
        dtype = self.input_dtype(descriptor, position)
        return TensorSpec(descriptor.input_shapes[position], dtype)

    def has_scales(self, descriptor: Descriptor) -> bool:
        """Returns whether the constant CHANNELS ends in columns of multiplier and shift."""
        return False

    def runs(
        self, descriptor: Descriptor, place: Place, position: int, opened: Sequence[Stored]
    ) -> list[Run]:
        """Returns the ascending runs of an input that the element at `place` needs.

        `opened` are the inputs before `position`, for an operator whose reads depend on values.
        """
        source = self.source(descriptor, place, position)
        if source is None:
            return []
        return [element_run(self.input_spec(descriptor, position), source)]

    def source(self, descriptor: Descriptor, place: Place, position: int) -> Place | None:
        """Returns the one element of an input that the default `runs` reads, if any."""
        return place

    def value(self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]) -> int:
        """Returns what the output's element at `place` must be.

        Raises UnprovableError when a table of the graph is out of range.
        """
        read = [items[0] for items in self.read(descriptor, place, operands)]
        return int(self.evaluate(descriptor, read).item())

    def read(
        self, descriptor: Descriptor, place: Place, operands: Sequence[Stored]
    ) -> list[list[Array]]:
        """Returns the elements of every run of every input that the element needs."""
        return [
            [operand.read(run) for run in self.runs(descriptor, place, position, operands)]
            for position, operand in enumerate(operands)
        ]

    def constants(self, descriptor: Descriptor) -> Point:
        """Returns the shader constants that follow from the descriptor."""
        return {}

    def access_pattern(self, descriptor: Descriptor) -> str:
        """Returns what decides, besides sizes and constants, how operands are read."""
        return ""

    def groups(self, descriptor: Descriptor, point: Point) -> int:
        """Returns how many workgroups write the whole output at a point of the kernel's space."""
        return workgroups(self.grid, output_spec(descriptor), point)

    def fused_groups(self, descriptor: Descriptor, point: Point) -> int:
        """Returns the workgroups of a fused chain that this operator leads."""
        return self.groups(descriptor, point)


def narrows(descriptor: Descriptor) -> bool:
    """Returns whether the output is int8: of a sum of products, the form that requantises it."""
    return descriptor.dtype_out is DType.INT8


def check_scale(descriptor: Descriptor, signature: Signature) -> None:
    """Raises GraphError (BadValue) unless multiplier and shift, where used, are in range."""
    if "multiplier" in signature.fields and descriptor.multiplier < 1:
        raise GraphError(Reason.BAD_VALUE, "the multiplier is at least 1")
    if "shift" in signature.fields and not 1 <= descriptor.shift <= MAX_SHIFT:
        raise GraphError(Reason.BAD_VALUE, f"shift {descriptor.shift} is outside 1..{MAX_SHIFT}")
