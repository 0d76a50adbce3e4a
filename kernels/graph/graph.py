"""A graph of operators with its constants: what a job runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kernels.codes import MAX_SHIFT, ConstantSlot, InputKind
from kernels.descriptor import Descriptor, GraphError, Reason, TensorSpec, output_spec
from kernels.exact import input_spec, operator_of
from kernels.graph.topology import check_graph, constant_keys
from kernels.trace import Array, DType, MerkleTree, spec_tree, tensor_root

Constants = Mapping[tuple[bytes, TensorSpec], Array]


@dataclass(frozen=True, slots=True)
class Graph:
    """Checked descriptors and the constants behind their roots.

    Use `GraphBuilder` or `graph.file.load` to make one. Raises GraphError when a rule is broken, or
    when a constant is missing, differs from its root, or holds a bad multiplier or shift. A graph
    that is not `bounded` may have more operators than a job, and only runs here.
    """

    descriptors: tuple[Descriptor, ...]
    constants: Constants = field(repr=False)
    bounded: bool = field(default=True, repr=False, compare=False)
    inputs: tuple[TensorSpec, ...] = field(init=False)
    outputs: tuple[TensorSpec, ...] = field(init=False, repr=False, compare=False)
    """What every operator writes; the last is the job's result."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", check_graph(self.descriptors, bounded=self.bounded))
        # Everything that walks a graph asks for these, often once per operator.
        object.__setattr__(self, "outputs", tuple(map(output_spec, self.descriptors)))
        for key in self.constant_keys():
            _check_constant(self.constants, *key)
        for index, descriptor in enumerate(self.descriptors):
            if operator_of(descriptor).has_scales(descriptor):
                # The last two columns, behind a bias if there is one.
                _check_channels(self.constant(index, ConstantSlot.CHANNELS)[..., -2:])

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the whole graph."""
        return sum(descriptor.multiply_adds for descriptor in self.descriptors)

    def encoded(self) -> tuple[bytes, ...]:
        """Returns every descriptor's 256 bytes."""
        return tuple(descriptor.encode() for descriptor in self.descriptors)

    def spec_tree(self) -> MerkleTree:
        """Returns the Merkle tree over the descriptors."""
        return spec_tree(self.encoded())

    @property
    def spec_root(self) -> bytes:
        """The graph's hash: a commitment to the descriptors and, by their roots, the constants."""
        return self.spec_tree().root

    def constant(self, index: int, slot: ConstantSlot) -> Array:
        """Returns a constant of an operator; raises KeyError when that slot holds none."""
        descriptor = self.descriptors[index]
        for position, operand in enumerate(descriptor.inputs):
            if operand.kind is InputKind.CONSTANT and operand.index == slot:
                return self.constants[descriptor.roots[slot], input_spec(descriptor, position)]
        raise KeyError(slot)

    def constant_keys(self) -> tuple[tuple[bytes, TensorSpec], ...]:
        """Returns root and form of every constant, in order of first use."""
        return constant_keys(self.descriptors)

    def check_inputs(self, inputs: Sequence[Array]) -> None:
        """Raises GraphError unless there is one array per job input, of its shape and dtype."""
        if len(inputs) != len(self.inputs):
            raise GraphError(
                Reason.OPERAND_MISMATCH, f"{len(inputs)} inputs given, {len(self.inputs)} needed"
            )
        for number, (array, spec) in enumerate(zip(inputs, self.inputs, strict=True)):
            if array.shape != spec.shape or array.dtype != spec.dtype.numpy:
                raise GraphError(
                    Reason.OPERAND_MISMATCH,
                    f"job input {number} is {array.dtype}{array.shape}, "
                    f"expected {spec.dtype.numpy}{spec.shape}",
                )


def _check_constant(constants: Constants, root: bytes, spec: TensorSpec) -> None:
    array = constants.get((root, spec))
    if array is None:
        raise GraphError(Reason.BAD_CONSTANT, f"the constant {root.hex()} is missing")
    if array.shape != spec.shape or DType.of(array) is not spec.dtype:
        raise GraphError(Reason.BAD_CONSTANT, f"the constant {root.hex()} is not {spec}")
    if tensor_root(array) != root:
        raise GraphError(Reason.BAD_CONSTANT, f"a constant's hash is not {root.hex()}")


def _check_channels(table: Array) -> None:
    multipliers, shifts = table[..., 0], table[..., 1]
    if np.any(multipliers < 1) or np.any(shifts < 1) or np.any(shifts > MAX_SHIFT):
        raise GraphError(
            Reason.BAD_CONSTANT,
            f"a per-channel multiplier is below 1, or a shift is outside 1..{MAX_SHIFT}",
        )
