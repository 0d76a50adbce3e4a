"""Collects the bytes from which the referee recomputes one element."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from kernels.codes import ConstantSlot, InputKind
from kernels.descriptor import Input, TensorSpec, output_spec
from kernels.evidence.claim import Claim, Stage
from kernels.evidence.errors import EvidenceError, Reason
from kernels.evidence.layout import LeafRange, leaf_ranges, place_of
from kernels.evidence.operand import Operand, runs_in_order
from kernels.exact import Place, input_spec
from kernels.graph import Graph
from kernels.trace import (
    LEAF_BYTES,
    TENSOR,
    Array,
    MerkleTree,
    inputs_tree,
    pack,
    tensor_depth,
    tensor_tree,
    trace_tree,
)

Tensor = Array | bytes


class Witness:
    """A job's data as it was committed, and the trees over it. Each tree is built on first use.

    Tensors are arrays, or bytes where padding may hold what it must not: the canonical bytes, or
    the bytes of the whole leaf space. `stages` are (first, last) of each commitment in force. With
    `roots`, the outputs' tensor roots, only the tensors that an element needs are hashed.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        stages: Sequence[tuple[int, int]],
        roots: Sequence[bytes] | None = None,
    ) -> None:
        self.graph = graph
        self._inputs = inputs
        self._outputs = outputs
        self._stages = tuple(stages)
        self._roots = roots
        self._trees: dict[Input, MerkleTree] = {}
        self._constant_trees: dict[bytes, MerkleTree] = {}

    def claim(self, operator: int, element: int) -> Claim:
        """Returns the claim under which evidence on this element is judged."""
        return Claim(
            spec_root=self._spec_tree.root,
            operators=len(self.graph.descriptors),
            inputs_root=self._inputs_tree.root,
            inputs=len(self.graph.inputs),
            stages=tuple(
                Stage(first, last, tree.root)
                for (first, last), tree in zip(self._stages, self._trace_trees, strict=True)
            ),
            operator=operator,
            element=element,
        )

    def stage(self, operator: int, element: int) -> bytes:
        """Returns the evidence on an element, in the order that programs/referee/README.md gives.

        Raises EvidenceError when the operator or the element does not exist, or when no stage holds
        what the element reads.
        """
        if not 0 <= operator < len(self.graph.descriptors):
            raise EvidenceError(Reason.UNKNOWN_OPERATOR, f"the graph has no operator {operator}")
        descriptor = self.graph.descriptors[operator]
        spec = output_spec(descriptor)
        place = place_of(spec, element)
        output = Input(InputKind.OPERATOR_OUTPUT, operator)
        leaf = self._tree(output, spec).opening(element * spec.dtype.size // LEAF_BYTES)
        parts = [
            descriptor.encode(),
            *self._spec_tree.opening(operator).path,
            leaf.data,
            *leaf.path,
            *self._root_path(output),
        ]
        if place is not None:
            for part in self._operands(operator, place):
                parts += part
        return b"".join(parts)

    def _operands(self, operator: int, place: Place) -> Iterator[list[bytes]]:
        descriptor = self.graph.descriptors[operator]
        opened: list[Operand] = []
        for position, needed in enumerate(runs_in_order(descriptor, place, opened)):
            source = descriptor.inputs[position]
            if source.kind is InputKind.CONSTANT:
                tree = self._constant_tree(operator, ConstantSlot(source.index))
            else:
                tree = self._tree(source, self._spec(source))
            operand = Operand(input_spec(descriptor, position))
            opened.append(operand)
            for leaves in leaf_ranges(needed):
                operand.ranges.append((leaves.first * LEAF_BYTES, leaf_data(tree, leaves)))
                yield open_range(tree, leaves)
            if needed:
                yield list(self._root_path(source))

    def _spec(self, source: Input) -> TensorSpec:
        if source.kind is InputKind.JOB_INPUT:
            return self.graph.inputs[source.index]
        return output_spec(self.graph.descriptors[source.index])

    def _tree(self, source: Input, spec: TensorSpec) -> MerkleTree:
        if source not in self._trees:
            held = self._inputs if source.kind is InputKind.JOB_INPUT else self._outputs
            if source.index >= len(held):
                raise EvidenceError(
                    Reason.NOT_COMMITTED, f"no data of operator {source.index} is at hand"
                )
            data = held[source.index]
            stored = data if isinstance(data, bytes) else pack(data).tobytes()
            tree = MerkleTree(TENSOR, stored)
            if len(stored) < spec.stored_bytes or tree.depth != tensor_depth(
                spec.shape, spec.dtype
            ):
                raise EvidenceError(
                    Reason.WRONG_LENGTH, f"{len(stored)} bytes are not {spec}, {source}"
                )
            self._trees[source] = tree
        return self._trees[source]

    def _constant_tree(self, operator: int, slot: ConstantSlot) -> MerkleTree:
        root = self.graph.descriptors[operator].roots[slot]
        if root not in self._constant_trees:
            self._constant_trees[root] = tensor_tree(self.graph.constant(operator, slot))
        return self._constant_trees[root]

    def _root_path(self, source: Input) -> tuple[bytes, ...]:
        if source.kind is InputKind.CONSTANT:
            return ()
        if source.kind is InputKind.JOB_INPUT:
            return self._inputs_tree.opening(source.index).path
        for (first, last), tree in zip(self._stages, self._trace_trees, strict=True):
            if first <= source.index < last:
                return tree.opening(source.index - first).path
        raise EvidenceError(Reason.NOT_COMMITTED, f"no stage holds operator {source.index}")

    @cached_property
    def _spec_tree(self) -> MerkleTree:
        return self.graph.spec_tree()

    @cached_property
    def _inputs_tree(self) -> MerkleTree:
        sources = [Input(InputKind.JOB_INPUT, at) for at in range(len(self.graph.inputs))]
        return inputs_tree([self._tree(source, self._spec(source)).root for source in sources])

    @cached_property
    def _trace_trees(self) -> list[MerkleTree]:
        return [
            trace_tree([self._output_root(operator) for operator in range(first, last)])
            for first, last in self._stages
        ]

    def _output_root(self, operator: int) -> bytes:
        if self._roots is not None:
            return self._roots[operator]
        source = Input(InputKind.OPERATOR_OUTPUT, operator)
        return self._tree(source, self._spec(source)).root


def leaf_data(tree: MerkleTree, leaves: LeafRange) -> bytes:
    """Returns the bytes of the leaves."""
    return b"".join(tree.opening(index).data for index in range(leaves.first, leaves.end))


def open_range(tree: MerkleTree, leaves: LeafRange) -> list[bytes]:
    """Returns the leaves' data, then siblings from the leaves up, left before right per level."""
    low, high = tree.opening(leaves.first), tree.opening(leaves.end - 1)
    parts = [tree.opening(index).data for index in range(leaves.first, leaves.end)]
    for height in range(tree.depth):
        if low.index >> height & 1:
            parts.append(low.path[height])
        if not high.index >> height & 1:
            parts.append(high.path[height])
    return parts
