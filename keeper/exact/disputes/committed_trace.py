"""A job's data beside what the chain knows of them: evidence from the one, judgement by both."""

from collections.abc import Sequence
from dataclasses import replace

from keeper.exact.decisions.state import Stage
from kernels.evidence import Claim, Judgement, Witness, judge
from kernels.evidence import Stage as ClaimedStage
from kernels.graph import Graph
from kernels.trace.layout import Array


class CommittedTrace:
    """Graph, inputs and the canonical bytes of each committed output, in operator order."""

    def __init__(
        self,
        graph: Graph,
        inputs: Sequence[Array],
        outputs: Sequence[bytes],
        claim: Claim,
        roots: Sequence[bytes] | None = None,
    ) -> None:
        """`claim` holds the chain's roots; its operator and element do not matter.

        With `roots`, the tensor root of each output, evidence reads only the outputs that an
        element needs.
        """
        self.graph = graph
        self.inputs = inputs
        self.outputs = outputs
        self._claim = claim
        stages = [(stage.first, stage.last) for stage in claim.stages]
        self._witness = Witness(graph, inputs, outputs, stages, roots)

    def evidence(self, operator: int, element: int) -> bytes:
        """Returns the bytes that the referee reads.

        Raises EvidenceError when there is no such element.
        """
        return self._witness.stage(operator, element)

    def judge(self, operator: int, element: int) -> Judgement:
        """Returns what the referee will find.

        Raises EvidenceError when there is no such element, or the data are not what the chain's
        roots commit to.
        """
        claim = replace(self._claim, operator=operator, element=element)
        return judge(claim, self.evidence(operator, element))


def claim_of(
    spec_root: bytes, operators: int, inputs: tuple[bytes, int], stages: Sequence[Stage]
) -> Claim:
    """Returns the chain's roots as a claim on no element yet; `inputs` are their root and count."""
    root, count = inputs
    claimed = tuple(ClaimedStage(each.first, each.last, each.root) for each in stages)
    return Claim(spec_root, operators, root, count, claimed, operator=0, element=0)
