"""The referee's twin: recomputes one element from staged bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kernels.codes import DESCRIPTOR_BYTES, InputKind
from kernels.descriptor import Descriptor, GraphError, Input, output_spec
from kernels.evidence.claim import Claim, Judgement
from kernels.evidence.errors import EvidenceError, Reason
from kernels.evidence.layout import LeafRange, leaf_ranges, place_of
from kernels.evidence.operand import Operand, runs_in_order
from kernels.exact import Place, UnprovableError, check, input_spec, operator_of
from kernels.trace import (
    INPUTS,
    LEAF_BYTES,
    SPEC,
    TENSOR,
    TRACE,
    Opening,
    tensor_depth,
)
from kernels.trace.merkle import HASH_BYTES, tree_depth


@dataclass(slots=True)
class _Staged:
    """Evidence that is read from front to back."""

    data: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        taken = self.data[self.at : self.at + size]
        if len(taken) != size:
            raise EvidenceError(
                Reason.WRONG_LENGTH, f"{len(self.data)} bytes, at least {self.at + size} needed"
            )
        self.at += size
        return taken

    def path(self, depth: int) -> tuple[bytes, ...]:
        return tuple(self.take(HASH_BYTES) for _ in range(depth))

    def range(self, leaves: LeafRange, depth: int) -> tuple[bytes, bytes]:
        """Returns the data of the leaves, and their root under the siblings that follow."""
        data = self.take((leaves.end - leaves.first) * LEAF_BYTES)
        nodes = [TENSOR.leaf(data[at : at + LEAF_BYTES]) for at in range(0, len(data), LEAF_BYTES)]
        for height in range(depth):
            if leaves.first >> height & 1:
                nodes.insert(0, self.take(HASH_BYTES))
            if not (leaves.end - 1) >> height & 1:
                nodes.append(self.take(HASH_BYTES))
            pairs = zip(nodes[::2], nodes[1::2], strict=True)
            nodes = [TENSOR.node(left, right) for left, right in pairs]
        return data, nodes[0]

    def end(self) -> None:
        if self.at != len(self.data):
            raise EvidenceError(
                Reason.WRONG_LENGTH, f"{len(self.data)} bytes, {self.at} are needed"
            )


def judge(claim: Claim, evidence: bytes) -> Judgement:
    """Recomputes the claim's element and returns it beside the committed one.

    Raises EvidenceError with the referee's reason unless the evidence is exactly what the claim
    demands and every byte of it is bound to the claim's roots.
    """
    staged = _Staged(evidence)
    descriptor = _descriptor(claim, staged)
    spec = output_spec(descriptor)
    place = place_of(spec, claim.element)
    leaf_index, within = divmod(claim.element * spec.dtype.size, LEAF_BYTES)
    leaf, root = staged.range(
        LeafRange(leaf_index, leaf_index + 1), tensor_depth(spec.shape, spec.dtype)
    )
    output = Input(InputKind.OPERATOR_OUTPUT, claim.operator)
    if not _is_committed(claim, descriptor, output, root, staged):
        raise EvidenceError(Reason.WRONG_OUTPUT, "the output's leaf is not what was committed")
    committed = int(np.frombuffer(leaf, spec.dtype.numpy, count=1, offset=within)[0])
    expected = 0
    if place is not None:
        expected = _value(descriptor, place, _operands(claim, descriptor, place, staged))
    staged.end()
    return Judgement(expected, committed, claim.stage_of(claim.operator))


def _descriptor(claim: Claim, staged: _Staged) -> Descriptor:
    if not 0 <= claim.operator < claim.operators:
        raise EvidenceError(Reason.UNKNOWN_OPERATOR, f"the graph has no operator {claim.operator}")
    data = staged.take(DESCRIPTOR_BYTES)
    depth = tree_depth(claim.operators)
    if not Opening(claim.operator, data, staged.path(depth)).verify(SPEC, claim.spec_root, depth):
        raise EvidenceError(Reason.WRONG_DESCRIPTOR, "the descriptor is not the graph's")
    try:
        descriptor = Descriptor.decode(data)
        check(descriptor)
    except GraphError as error:
        raise EvidenceError(Reason.WRONG_DESCRIPTOR, str(error)) from None
    return descriptor


def _operands(
    claim: Claim, descriptor: Descriptor, place: Place, staged: _Staged
) -> Sequence[Operand]:
    operands: list[Operand] = []
    for slot, needed in enumerate(runs_in_order(descriptor, place, operands)):
        source = descriptor.inputs[slot]
        spec = input_spec(descriptor, slot)
        depth = tensor_depth(spec.shape, spec.dtype)
        operand, roots = Operand(spec), set()
        wrong = EvidenceError(Reason.WRONG_OPERAND, f"input {slot} is not what was committed", slot)
        for leaves in leaf_ranges(needed):
            data, root = staged.range(leaves, depth)
            roots.add(root)
            if len(roots) > 1:
                raise wrong
            operand.ranges.append((leaves.first * LEAF_BYTES, data))
        if roots and not _is_committed(claim, descriptor, source, roots.pop(), staged):
            raise wrong
        operands.append(operand)
    return operands


def _value(descriptor: Descriptor, place: Place, operands: Sequence[Operand]) -> int:
    try:
        return operator_of(descriptor).value(descriptor, place, operands)
    except UnprovableError as error:
        raise EvidenceError(Reason.UNPROVABLE, str(error)) from None


def _is_committed(
    claim: Claim, descriptor: Descriptor, source: Input, root: bytes, staged: _Staged
) -> bool:
    """Returns whether a tensor root is the constant's, or stands at its place in its tree."""
    index = source.index
    match source.kind:
        case InputKind.CONSTANT:
            return descriptor.roots[index] == root
        case InputKind.JOB_INPUT:
            if index >= claim.inputs:
                raise EvidenceError(Reason.WRONG_DESCRIPTOR, f"there is no {source}")
            kind, leaves, expected = INPUTS, claim.inputs, claim.inputs_root
        case InputKind.OPERATOR_OUTPUT:
            stage = claim.stages[claim.stage_of(index)]
            index -= stage.first
            kind, leaves, expected = TRACE, stage.last - stage.first, stage.root
    depth = tree_depth(leaves)
    return Opening(index, root, staged.path(depth)).verify(kind, expected, depth)
