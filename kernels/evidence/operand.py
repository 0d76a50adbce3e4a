"""The stored bytes of one operand that are at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from kernels.descriptor import Descriptor, TensorSpec
from kernels.evidence.errors import EvidenceError, Reason
from kernels.exact import Place, Run, operator_of
from kernels.trace import Array


@dataclass(slots=True)
class Operand:
    """Stored bytes of a tensor: the offset and bytes of each range at hand."""

    spec: TensorSpec
    ranges: list[tuple[int, bytes]] = field(default_factory=list)

    def read(self, run: Run) -> Array:
        """Returns the bytes of a run as elements, row padding included.

        Raises EvidenceError (WrongLength) when no range holds the run.
        """
        for start, data in self.ranges:
            if start <= run.start and run.start + run.size <= start + len(data):
                within = run.start - start
                return np.frombuffer(data[within : within + run.size], self.spec.dtype.numpy)
        raise EvidenceError(Reason.WRONG_LENGTH, f"{run} is not at hand")

    def rows(self, run: Run) -> Array:
        """Returns a run of whole rows without their padding, as [rows, columns]."""
        stored = self.read(run).reshape(-1, self.spec.stride // self.spec.dtype.size)
        return stored[:, : self.spec.shape[3]]


def runs_in_order(
    descriptor: Descriptor, place: Place, opened: Sequence[Operand]
) -> Iterator[list[Run]]:
    """Yields the runs of one input after the other.

    The caller may append to `opened` in between: an input whose runs depend on the values of the
    inputs before it (gather's table) is asked for only when those are opened.
    """
    operator = operator_of(descriptor)
    for position in range(len(descriptor.inputs)):
        yield operator.runs(descriptor, place, position, opened)
