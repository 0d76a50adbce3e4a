"""A job with a real trace whose data a majority misses, and its provider's answers."""

from itertools import accumulate
from typing import Any

from solders.instruction import Instruction

from keeper.exact.decisions.questions import question, question_seed, seed_slot
from keeper.lab.market.challenge import Challenge
from kernels.evidence import Witness
from neurolov_client import verdict
from neurolov_client.bindings.verdict import QUESTIONS, State
from tests.programs.verdict.disputing import Disputing, honest_trace
from tests.programs.verdict.judging import MISSES, slot_hash
from tests.world import Actor, World

DELAY = 3
"""Slots from the tally to the first in which a question can be known."""


class Answering(Disputing):
    """All verifiers of the first draw miss the data."""

    def __init__(
        self, world: World, witness: Witness | None = None, *, seats: int = 7, **offer: Any
    ) -> None:
        super().__init__(world, witness or honest_trace().witness, seats=seats, **offer)

    @property
    def availability(self) -> verdict.Availability:
        """Returns the questions and their state."""
        return self.account.availability

    def asked(self, *, known: bool = True) -> "Answering":
        """Advances until the questions are known, or only past the tally."""
        self.decided(MISSES)
        assert self.account.state == State.ANSWERING
        if known:
            self.world.warp_to(self.availability.asked_slot + DELAY)
        return self

    def question(self, index: int) -> tuple[int, int]:
        """Returns the operator and element of a question, as anyone computes them in this slot."""
        outputs = [(each.shape, each.dtype) for each in self.witness.graph.outputs]
        slot = seed_slot(self.availability.asked_slot, self.world.slot)
        seed = question_seed(slot_hash(self.world, slot), self.job.address)
        work = list(accumulate(each.multiply_adds for each in self.witness.graph.descriptors))
        return question(seed, index, outputs[: self.account.stages[self._last].last], work)

    @property
    def _last(self) -> int:
        return self.account.stage_count - 1

    def shown(self, index: int, owner: Actor | None = None) -> Challenge:
        """Returns the evidence for a question in its provider's buffer."""
        operator, element = self.question(index)
        shown = self.challenge(operator, element, owner or self.provider)
        if not self.world.exists(shown.buffer):
            shown.prepare(self.world, ticket=False)
        return shown

    def answered(self, *indices: int) -> "Answering":
        """Answers these questions, by default all."""
        for index in indices or range(QUESTIONS):
            self.world.send(self.shown(index).answer(index, self.terms), signers=[self.provider])
        return self

    def silent(self, *answered: int) -> "Answering":
        """Asks, and lets the time to answer pass with only these answers."""
        self.asked()
        if answered:
            self.answered(*answered)
        self.world.warp_to(self.availability.deadline + 1)
        return self

    def expire(self, payer: Actor | None = None) -> Instruction:
        return verdict.expire_answers(
            payer=(payer or self.cranker).key, job=self.job.address, graph=self.job.graph
        )

    def expired(self, *answered: int) -> "Answering":
        """Does the same as `silent`, then reports it."""
        self.silent(*answered).world.send(self.expire(), signers=[self.cranker])
        return self

    def demand(self, buyer: Actor | None = None) -> Instruction:
        return verdict.demand_answers(
            buyer=(buyer or self.buyer).key, verdict=self.address, terms=self.terms
        )
