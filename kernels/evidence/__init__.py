"""Evidence on one element: which bytes it depends on, their openings, and the judgement."""

from kernels.evidence.claim import Claim, Judgement, Stage
from kernels.evidence.errors import EvidenceError, Reason
from kernels.evidence.judge import judge
from kernels.evidence.layout import LeafRange, leaf_space, place_of
from kernels.evidence.stage import Witness
from kernels.exact import Place, element_at

__all__ = [
    "Claim",
    "EvidenceError",
    "Judgement",
    "LeafRange",
    "Place",
    "Reason",
    "Stage",
    "Witness",
    "element_at",
    "judge",
    "leaf_space",
    "place_of",
]
