"""The stored bytes of one operand that are at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from kernels.evidence.errors import EvidenceError, Reason
from kernels.evidence.layout import Place, Run, runs
from kernels.graph import Descriptor, Opcode, TensorSpec
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


def runs_in_order(
    descriptor: Descriptor, place: Place, opened: Sequence[Operand]
) -> Iterator[list[Run]]:
    """Runs of one input after the other.

    Gather's second input is asked for only when the first one is in `opened`.
    """
    for position in range(len(descriptor.inputs)):
        index = 0
        if position and descriptor.opcode is Opcode.GATHER:
            index = int(opened[0].read(runs(descriptor, place, 0)[0])[0])
        yield runs(descriptor, place, position, index)
