"""One element of an operator from the bytes that it reads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from kernels.evidence.errors import EvidenceError, Reason
from kernels.evidence.layout import Place, Run, filter_run, row_run, runs, strips
from kernels.exact.matmul.reference import wrapped
from kernels.exact.reference import TWINS
from kernels.graph import Descriptor, Opcode, TensorSpec
from kernels.graph.rules import MAX_SHIFT
from kernels.trace import Array


@dataclass(slots=True)
class Operand:
    """Stored bytes of a tensor: the offset and bytes of each range at hand."""

    spec: TensorSpec
    ranges: list[tuple[int, bytes]] = field(default_factory=list)

    def read(self, run: Run) -> Array:
        """The bytes of a run as elements, row padding included."""
        for start, data in self.ranges:
            if start <= run.start and run.start + run.size <= start + len(data):
                within = run.start - start
                return np.frombuffer(data[within : within + run.size], self.spec.dtype.numpy)
        raise EvidenceError(Reason.WRONG_LENGTH, f"{run} is not at hand")

    def rows(self, run: Run) -> Array:
        """The rows of a run of whole rows, without their padding: [rows, columns]."""
        stored = self.read(run).reshape(-1, self.spec.stride // self.spec.dtype.size)
        return stored[:, : self.spec.shape[3]]


def value(descriptor: Descriptor, place: Place, operands: Sequence[Operand]) -> int:
    """What the output's element at `place` must be.

    Raises EvidenceError (Unprovable) when the graph's own table is out of range.
    """
    read = [
        [operand.read(run) for run in runs(descriptor, place, position)]
        for position, operand in enumerate(operands)
    ]
    match descriptor.opcode:
        case Opcode.MATMUL | Opcode.CONVOLUTION:
            bias = read[2][0] if len(operands) == 3 else None
            return int(wrapped(_products(descriptor, place, operands), bias).item())
        case Opcode.MAX_POOL:
            return int(max(tap.item() for tap in read[0]))
        case Opcode.ARGMAX:
            row = operands[0].rows(row_run(operands[0].spec, place.row))
            return int(TWINS[descriptor.opcode](descriptor, [row]).item())
        case Opcode.REQUANTISE if descriptor.per_channel:
            multiplier, shift = (int(item) for item in read[1][0])
            if multiplier < 1 or not 1 <= shift <= MAX_SHIFT:
                raise EvidenceError(
                    Reason.UNPROVABLE, f"channel {place.column} has {multiplier} and {shift}"
                )
    return int(TWINS[descriptor.opcode](descriptor, [items[0] for items in read]).item())


def _products(descriptor: Descriptor, place: Place, operands: Sequence[Operand]) -> Array:
    """The exact sum of products, int64 [1]."""
    x, weights = operands[:2]
    if descriptor.opcode is Opcode.MATMUL:
        left = x.rows(row_run(x.spec, place.row)).astype(np.int64)
        right = weights.rows(row_run(weights.spec, place.column))
    else:
        right = weights.rows(filter_run(descriptor, place))
        left = np.full(right.shape, descriptor.pad_value, np.int64)
        for strip in strips(descriptor, place):
            pixels = x.rows(row_run(x.spec, strip.row, strip.taps))
            left[strip.tap : strip.tap + strip.taps] = pixels
        left -= descriptor.zero_point_in
    total: Array = (left * right).sum(keepdims=True).reshape(1)
    return total
