"""A job with a real trace, committed truthfully or not, and challenges of its elements."""

from functools import cache
from typing import Any

from solders.instruction import Instruction

from keeper.lab.market import judgement as judge
from keeper.lab.market.challenge import Challenge, slash_ballot, slash_provider
from keeper.lab.market.jobs import small_graph
from kernels.evidence import Claim, Witness
from kernels.graph import Graph
from neurolov_client import verdict
from tests.kernels.evidence.committed import Committed, Lies
from tests.kernels.evidence.record import inputs_of
from tests.programs.verdict.judging import Judging
from tests.world import Actor, World

LIE = (1, 5)
"""The operator and element of the small graph that a liar commits wrongly."""


def trace_of(graph: Graph, lies: Lies | None = None, *stages: tuple[int, int]) -> Committed:
    """Returns the graph's trace over fixed inputs, by default in one stage."""
    whole = [(0, len(graph.descriptors))]
    return Committed(graph, inputs_of(graph), stages or whole, lies)


@cache
def honest_trace() -> Committed:
    """Returns the small graph's honest trace."""
    return trace_of(small_graph())


@cache
def lying_trace() -> Committed:
    """Returns the small graph's trace with one wrong element."""
    operator, element = LIE
    return trace_of(small_graph(), {operator: {element}})


class Disputing(Judging):
    """A claimed job whose provider commits this trace."""

    def __init__(
        self, world: World, witness: Witness | None = None, *, seats: int = 0, **offer: Any
    ) -> None:
        self.witness = witness or lying_trace().witness
        self.claim: Claim = self.witness.claim(0, 0)
        super().__init__(
            world,
            seats=seats,
            graph=self.witness.graph,
            input_root=self.claim.inputs_root,
            **offer,
        )
        self.challenger = world.actor("challenger")

    def committed(self) -> "Disputing":
        """Commits stage by stage."""
        for stage in self.claim.stages:
            judge.commit(
                self.world,
                self.provider,
                self.job,
                first=stage.first,
                last=stage.last,
                root=stage.root,
            )
        return self

    def challenge(
        self, operator: int = LIE[0], element: int = LIE[1], challenger: Actor | None = None
    ) -> Challenge:
        """Returns an actor's challenge of an element, with the required evidence."""
        evidence = self.witness.stage(operator, element)
        return Challenge(challenger or self.challenger, self.job, operator, element, evidence)

    def convicted(self) -> "Disputing":
        """Proves the lie as soon as it is committed."""
        self.committed().challenge().proven(self.world)
        return self

    @property
    def receipt(self) -> verdict.Receipt:
        """Returns the job's receipt."""
        return self.world.fetch(verdict.Receipt, verdict.receipt_address(self.job.address))

    def trap_closed(self) -> "Disputing":
        """Waits after the proof until no trap can be opened any more."""
        end = self.receipt.slot + self.world.parameters.verdict.trap_slots
        if self.world.slot <= end:
            self.world.warp_to(end + 1)
        return self

    def slash(self, owner: Actor | None = None, *, wait: bool = True) -> Instruction:
        """Slashes the provider once the trap has closed, or at once if `wait` is off."""
        if wait and self.world.exists(verdict.receipt_address(self.job.address)):
            self.trap_closed()
        return slash_provider(self.world, self.job, (owner or self.provider).key)

    def slash_ballot(self, ballot: int, owner: Actor | None = None) -> Instruction:
        verifier = (owner or self.member(ballot)).key
        return slash_ballot(self.world, self.job, ballot, verifier)
