"""The base of all kinds of parties."""

from collections.abc import Callable
from random import Random
from typing import ClassVar

from solders.instruction import Instruction

from keeper.lab.market.sandbox import Sent
from tests.adversaries.life import Life
from tests.adversaries.run import Run
from tests.world import Actor


class Party:
    """An actor with a way to behave. `honest` parties must never lose stake."""

    honest: ClassVar[bool] = False

    def __init__(self, actor: Actor, random: Random) -> None:
        self.actor = actor
        self.random = random
        self.signer = actor
        """Whoever signs for the party: its actor, or the operator of its actor's stake."""

    @property
    def kind(self) -> str:
        """The name of the way to behave."""
        return type(self).__name__

    def act(self, run: Run, life: Life) -> None:
        """Acts now, if there is anything to do."""
        raise NotImplementedError

    def attempt(self, run: Run, what: str, step: Callable[[], Sent]) -> Sent | None:
        """Tries a step in the party's own name."""
        return run.attempt(f"{self.actor.name} ({self.kind})", what, step)

    def send(self, run: Run, what: str, *instructions: Instruction) -> Sent | None:
        """Tries a transaction, signed by the party where it requires that signature."""
        metas = [meta for each in instructions for meta in each.accounts]
        signs = any(meta.is_signer and meta.pubkey == self.signer.key for meta in metas)
        signers = [self.signer] if signs else []
        return self.attempt(run, what, lambda: run.world.send(*instructions, signers=signers))
