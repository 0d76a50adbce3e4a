"""A receipt judged again, from the job's data alone."""

import hashlib
from dataclasses import dataclass

from keeper.exact.disputes.committed_trace import CommittedTrace
from kernels.evidence import EvidenceError
from neurolov_client import verdict


@dataclass(frozen=True, slots=True)
class Replay:
    """What judging again found; a value is None where the evidence cannot be judged.

    `differences` are sentences about what differs from the receipt.
    """

    evidence: bytes | None
    expected: int | None
    committed: int | None
    stage: int | None
    differences: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether evidence and verdict are the receipt's."""
        return not self.differences


def judge_again(trace: CommittedTrace, receipt: verdict.Receipt) -> Replay:
    """Make the receipt's evidence again, and judge it by the referee's rules."""
    operator, element = receipt.operator, receipt.element
    try:
        digest = hashlib.sha256(trace.evidence(operator, element)).digest()
        found = trace.judge(operator, element)
    except EvidenceError as error:
        return Replay(None, None, None, None, (f"the data cannot be judged: {error}",))
    differences = [
        f"{name} is {_shown(ours)}, the receipt has {_shown(theirs)}"
        for name, ours, theirs in (
            ("evidence", digest, receipt.evidence),
            ("expected value", found.expected, receipt.expected),
            ("committed value", found.committed, receipt.committed),
            ("stage", found.stage, receipt.stage),
        )
        if ours != theirs
    ]
    return Replay(digest, found.expected, found.committed, found.stage, tuple(differences))


def _shown(value: bytes | int) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
