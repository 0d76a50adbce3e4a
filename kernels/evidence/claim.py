"""What the chain knows of a job, and the element in dispute."""

from dataclasses import dataclass

from kernels.evidence.errors import EvidenceError, Reason


@dataclass(frozen=True, slots=True)
class Stage:
    """Operators first..last - 1, and the root over the roots of their outputs."""

    first: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """Roots and counts of a job, its stages in force, which do not overlap, and the element."""

    spec_root: bytes
    operators: int
    inputs_root: bytes
    inputs: int
    stages: tuple[Stage, ...]
    operator: int
    element: int

    def stage_of(self, operator: int) -> int:
        """Returns the index of the stage that committed an operator.

        Raises EvidenceError (NotCommitted) when no stage did.
        """
        for index, stage in enumerate(self.stages):
            if stage.first <= operator < stage.last:
                return index
        raise EvidenceError(Reason.NOT_COMMITTED, f"no stage holds operator {operator}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the element must be, what was committed, and the index of the stage that did so."""

    expected: int
    committed: int
    stage: int

    @property
    def is_fraud(self) -> bool:
        """Whether the stage's provider answers for a wrong value."""
        return self.expected != self.committed
