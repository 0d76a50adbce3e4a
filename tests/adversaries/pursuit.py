"""A challenge from its first byte to its withdrawal."""

from enum import IntEnum, auto

from solders.instruction import Instruction

from keeper.lab.market.challenge import Challenge
from neurolov_client.bindings.verdict import TICKET_AGE
from tests.adversaries.life import Life
from tests.adversaries.party import Party
from tests.adversaries.run import Run
from tests.adversaries.traces import Place


class _Step(IntEnum):
    STAGE = auto()
    PROVE = auto()
    CLEAR = auto()
    DONE = auto()


class Pursuit:
    """One party's challenge of one element of one job.

    It proves by the right of a rejecting ballot or, without one, by a ticket placed two slots
    earlier.
    """

    def __init__(
        self, party: Party, life: Life, place: Place, *, ballot: int | None = None
    ) -> None:
        operator, element = place
        evidence = life.trace.witness.stage(operator, element)
        self.party = party
        self.challenge = Challenge(party.actor, life.job, operator, element, evidence)
        self.ballot = ballot
        self._ripe = 0
        self._step = _Step.STAGE

    @property
    def done(self) -> bool:
        """Returns whether buffer and ticket are closed again."""
        return self._step is _Step.DONE

    def advance(self, run: Run) -> None:
        """Advances as far as this slot allows."""
        if self._step is _Step.STAGE:
            self._stage(run)
        if self._step is _Step.PROVE and run.world.slot >= self._ripe:
            self.party.send(run, "prove", self.challenge.prove(ballot=self.ballot))
            self._step = _Step.CLEAR
        if self._step is _Step.CLEAR:
            closing = [self.challenge.close(), *self._own_ticket(self.challenge.close_ticket())]
            if self.party.send(run, "clear", *closing):
                self._step = _Step.DONE

    def _stage(self, run: Run) -> None:
        challenge, world = self.challenge, run.world
        opening = [challenge.create(world), challenge.open()]
        self.party.send(run, "stage", *opening, *self._own_ticket(challenge.place()))
        for write in challenge.writes():
            self.party.send(run, "write", write)
        self._ripe = world.slot + (TICKET_AGE if self.ballot is None else 0)
        run.wake(self._ripe)
        self._step = _Step.PROVE

    def _own_ticket(self, instruction: Instruction) -> list[Instruction]:
        return [instruction] if self.ballot is None else []
