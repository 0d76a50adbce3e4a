"""A job with a real trace whose data a majority misses, and answers for it."""

from itertools import accumulate
from typing import Any

from solders.instruction import Instruction

from idl.client import verdict
from idl.client.bindings.verdict import State
from keeper.jobs.questions import QUESTIONS, question, question_seed, seed_slot
from kernels.evidence import Witness
from tests.programs.verdict.disputing import Disputing, honest_trace
from tests.programs.verdict.judging import MISSES, slot_hash
from tests.world import Actor, World
from tests.world.challenge import Challenge

DELAY = 3
"""Slots from the tally to the first in which a question can be known."""


class Answering(Disputing):
    """Everyone of the first draw misses the data."""

    def __init__(
        self, world: World, witness: Witness | None = None, *, seats: int = 7, **terms: Any
    ) -> None:
        super().__init__(world, witness or honest_trace().witness, seats=seats, **terms)

    @property
    def availability(self) -> verdict.Availability:
        """What was asked."""
        return self.account.availability

    def asked(self, *, known: bool = True) -> "Answering":
        """As soon as the questions are known, or right after the tally."""
        self.decided(MISSES)
        assert self.account.state == State.ANSWERING
        if known:
            self.world.warp_to(self.availability.asked_slot + DELAY)
        return self

    def question(self, index: int) -> tuple[int, int]:
        """Operator and element, as whoever asks in this slot computes them."""
        outputs = [(each.shape, each.dtype) for each in self.witness.graph.outputs]
        slot = seed_slot(self.availability.asked_slot, self.world.slot)
        seed = question_seed(slot_hash(self.world, slot), self.job.address)
        work = list(accumulate(each.multiply_adds for each in self.witness.graph.descriptors))
        return question(seed, index, outputs[: self.account.stages[self._last].last], work)

    @property
    def _last(self) -> int:
        return self.account.stage_count - 1

    def shown(self, index: int, owner: Actor | None = None) -> Challenge:
        """The evidence of a question in its provider's buffer."""
        operator, element = self.question(index)
        shown = self.challenge(operator, element, owner or self.provider)
        if not self.world.exists(shown.buffer):
            shown.prepare(self.world, ticket=False)
        return shown

    def answered(self, *indices: int) -> "Answering":
        """Answers to these questions, by default to all."""
        for index in indices or range(QUESTIONS):
            self.world.send(self.shown(index).answer(index), signers=[self.provider])
        return self

    def silent(self, *answered: int) -> "Answering":
        """Asked, and the time to answer over with these answers alone."""
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
        """The same, and reported."""
        self.silent(*answered).world.send(self.expire(), signers=[self.cranker])
        return self

    def demand(self, buyer: Actor | None = None) -> Instruction:
        return verdict.demand_answers(buyer=(buyer or self.buyer).key, verdict=self.address)
