"""Parties that pay."""

import hashlib
from typing import ClassVar

from solders.pubkey import Pubkey

from neurolov_client import escrow, job_registry, verdict
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Outcome, State
from tests.adversaries import cranks
from tests.adversaries.life import Life
from tests.adversaries.party import Party
from tests.adversaries.run import Run

TRAP_SALT = b"trap salt".ljust(32, b".")


def trap_of(provider: Pubkey, operator: int) -> bytes:
    """Returns SHA256("trap", provider, operator LE, salt): an order to be wrong at the operator."""
    place = bytes(provider) + operator.to_bytes(4, "little")
    return hashlib.sha256(b"trap" + place + TRAP_SALT).digest()


class Buyer(Party):
    """Publishes its salt as soon as the result is committed."""

    def act(self, run: Run, life: Life) -> None:
        if life.job.buyer == self.actor and life.ended is None:
            self.attend(run, life)

    def attend(self, run: Run, life: Life) -> None:
        """Does a buyer's part of its own job."""
        if run.job(life).state == JobState.COMMITTED:
            life.salt_is_public = True


class HonestBuyer(Buyer):
    """Behaves as the protocol asks."""

    honest: ClassVar[bool] = True


class SaltWithholder(Buyer):
    """Keeps its salt, or publishes it only when the draw no longer needs it."""

    def attend(self, run: Run, life: Life) -> None:
        found = run.judging(life)
        if found is not None and found.state == State.BALLOTING:
            life.salt_is_public = self.random.random() < 0.5


class InputWithholder(Buyer):
    """Gives the inputs to everyone who may claim, and to no verifier."""

    def attend(self, run: Run, life: Life) -> None:
        super().attend(run, life)
        life.inputs_served = run.job(life).state in {JobState.POSTED, JobState.CLAIMED}


class Trapper(Buyer):
    """Orders an accomplice to lie, and excuses it when the lie is proven."""

    def attend(self, run: Run, life: Life) -> None:
        super().attend(run, life)
        found = run.judging(life)
        if found is None or found.outcome != Outcome.FRAUD or self.random.random() < 0.4:
            return
        opening = verdict.open_trap(salt=TRAP_SALT, terms=run.terms(life), job=life.job.address)
        self.send(run, "open a trap", opening)


class Canceller(Buyer):
    """Demands its money back: before a claim, under a lease, and during judgement."""

    def attend(self, run: Run, life: Life) -> None:
        super().attend(run, life)
        job, buyer = run.job(life), self.actor
        if job.state == JobState.POSTED and self.random.random() < 0.9:
            return
        if self.random.random() < 0.3:
            cancel = job_registry.cancel(buyer=buyer.key, job=life.job.address)
            self.send(run, "cancel", cancel)
        if job.state in {JobState.CLAIMED, JobState.COMMITTED} and self.random.random() < 0.2:
            back = escrow.reclaim(
                buyer=buyer.key,
                escrow=life.job.escrow,
                vault=life.job.vault,
                destination=buyer.tokens,
            )
            self.send(run, "reclaim early", back)


class WrongSalter(Buyer):
    """Offers salts that it never committed to, hoping for another seed."""

    def attend(self, run: Run, life: Life) -> None:
        found = run.judging(life)
        if found is None or found.state != State.COMMITTED or self.random.random() < 0.5:
            return
        self.send(run, "draw with a wrong salt", cranks.draw(run, self.actor, life, bytes(32)))
