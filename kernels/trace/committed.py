"""Outputs with their commitments."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from kernels.trace.layout import Array
from kernels.trace.merkle import tensor_root


@dataclass(frozen=True, slots=True)
class CommittedOutputs:
    """Every operator's output and tensor root, and the seconds that hashing took."""

    outputs: list[Array]
    roots: list[bytes]
    hashing_seconds: float = field(compare=False)

    @classmethod
    def hashed(cls, outputs: Sequence[Array]) -> "CommittedOutputs":
        """Returns outputs with their roots, hashed on the host."""
        started = perf_counter()
        roots = [tensor_root(output) for output in outputs]
        return cls(list(outputs), roots, perf_counter() - started)
