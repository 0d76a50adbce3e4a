"""Parties without a part in a job: they crank it, watch it, or get in its way."""

from random import Random
from typing import ClassVar

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.challenge import Challenge, slash_ballot, slash_provider
from neurolov_client import verdict
from neurolov_client.bindings.job_registry import SLOT_HASHES_ENTRIES, JobState
from neurolov_client.bindings.verdict import (
    DRAW_DELAY,
    TICKET_AGE,
    BallotState,
    Choice,
    Outcome,
    State,
)
from tests.adversaries import cranks
from tests.adversaries.life import Life
from tests.adversaries.party import Party
from tests.adversaries.providers import Challenger
from tests.adversaries.pursuit import Pursuit
from tests.adversaries.run import Run
from tests.adversaries.traces import PLACES
from tests.world import Actor, with_account

PROVEN = {Outcome.FRAUD, Outcome.TRAP}
SLASHING = {Outcome.FRAUD, Outcome.WITHHELD}
CONVICTING = PROVEN | SLASHING


class Watcher(Challenger):
    """Checks served data unasked and proves what is wrong, sometimes only at the end."""

    honest: ClassVar[bool] = True

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.late = random.random() < 0.7
        self.later = self.late and random.random() < 0.5
        """Whether it proves in the last slot of the window."""

    def act(self, run: Run, life: Life) -> None:
        found = run.judging(life)
        judging = found is not None and found.state in {State.COMMITTED, State.BALLOTING}
        if self.late and judging:
            return
        if self.later and found is not None and run.world.slot < found.window_end - TICKET_AGE:
            run.wake(found.window_end - TICKET_AGE)
            return
        super().act(run, life)


class Cranker(Party):
    """Takes every step as soon as it is due; a sleepy one only sometimes."""

    honest: ClassVar[bool] = True

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.diligence = random.choice([1.0, 1.0, 0.5])
        self.oversleeps = random.random() < 0.08
        """Whether it lets the slot hash of a draw expire."""

    def act(self, run: Run, life: Life) -> None:
        if life.ended is None and self.random.random() < self.diligence:
            self._crank(run, life)

    def _crank(self, run: Run, life: Life) -> None:
        job, slot = run.job(life), run.world.slot
        if job.state == JobState.POSTED:
            attempts = run.world.parameters.job_registry.max_attempts
            if slot > job.claim_deadline or job.attempts >= attempts:
                refunds = job.progress == 0
                sent = self.send(run, "expire job", cranks.expire_job(run, self.actor, life))
                if sent and refunds:
                    life.refund_tips[self.actor.key] += life.job.offer.tip
        elif job.state == JobState.CLAIMED:
            if slot > job.lease.expires_slot:
                self.send(run, "expire lease", cranks.expire_lease(run, life))
        elif job.state == JobState.COMMITTED:
            found = run.judging(life)
            assert found is not None
            self._judge(run, life, found)

    def _judge(self, run: Run, life: Life, found: verdict.Verdict) -> None:
        if found.state == State.COMMITTING:
            self.send(run, "adopt", cranks.adopt_partial(self.actor, life))
        elif found.state == State.COMMITTED:
            self._draw(run, life, found)
        elif found.state == State.BALLOTING:
            if ballots_closed(found, run.world.slot):
                self.send(run, "tally", cranks.tally(run, self.actor, life))
        elif found.state == State.ANSWERING:
            if run.world.slot > found.availability.deadline:
                self.send(run, "expire answers", cranks.expire_answers(self.actor, life))
        else:
            self._end(run, life, found)

    def _draw(self, run: Run, life: Life, found: verdict.Verdict) -> None:
        waited = run.world.slot - found.committed_slot - DRAW_DELAY - 1
        if self.oversleeps and waited < SLOT_HASHES_ENTRIES:
            run.wake(run.world.slot + SLOT_HASHES_ENTRIES - waited)
            return
        salted = life.salt_is_public or bool(found.salt_known)
        if salted and waited >= 0:
            self.send(run, "draw", cranks.draw(run, self.actor, life, life.job.salt))
        elif waited >= run.world.parameters.verdict.salt_slots:
            self.send(run, "draw unsalted", cranks.draw(run, self.actor, life, None))

    def _end(self, run: Run, life: Life, found: verdict.Verdict) -> None:
        if found.outcome in CONVICTING or found.outcome == Outcome.UNAVAILABLE:
            if found.outcome in CONVICTING:
                slash_all(self, run, life, found)
            if found.outcome in SLASHING and may_be_trap(run, found):
                return
            self.send(run, "void", cranks.void(run, self.actor, life, blamed(found)))
        elif run.world.slot > found.window_end:
            self.send(run, "settle", cranks.settle(run, self.actor, life))


def blamed(found: verdict.Verdict) -> Pubkey:
    """Returns the convicted provider, or the last one if the data was shown and missed again."""
    stages = found.stages[: found.stage_count]
    return stages[found.fraud.stage if found.outcome in CONVICTING else -1].provider


def slash_all(party: Party, run: Run, life: Life, found: verdict.Verdict) -> None:
    """Takes the exposure of the convicted provider and of verifiers that accepted the proven lie.

    A provider that was wrong on the buyer's order keeps its own.
    """
    convicts = found.outcome in SLASHING and not may_be_trap(run, found)
    if convicts and not found.fraud.slashed:
        convicted = found.stages[found.fraud.stage].provider
        party.send(run, "slash provider", slash_provider(run.world, life.job, convicted))
    if found.outcome not in PROVEN:
        return
    for number, ballot in enumerate(found.ballots[: found.ballot_count]):
        if ballot.choice == Choice.ACCEPT and not ballot.slashed:
            party.send(
                run,
                "slash ballot",
                slash_ballot(run.world, life.job, number, ballot.verifier),
            )


def may_be_trap(run: Run, found: verdict.Verdict) -> bool:
    """Returns whether the buyer can still show that it ordered the proven lie."""
    return run.world.slot <= found.window_end + run.world.parameters.verdict.trap_slots


def ballots_closed(found: verdict.Verdict, slot: int) -> bool:
    """Returns whether no ballot of the latest draw can change any more."""
    latest = [b for b in found.ballots[: found.ballot_count] if b.draw == found.draws]
    casting_over = slot > found.ballot_deadline
    return slot > found.reveal_deadline or all(
        b.state in {BallotState.REVEALED, BallotState.DECLINED, BallotState.REPORTED}
        or (casting_over and b.state == BallotState.DRAWN)
        for b in latest
    )


class Griefer(Party):
    """Spends a few transactions on obstructing everyone."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.patience = 6

    def act(self, run: Run, life: Life) -> None:
        if life.ended is None and self.patience and self.random.random() < 0.35:
            self.patience -= 1
            self.grieve(run, life)

    def grieve(self, run: Run, life: Life) -> None:
        """Makes one attempt."""
        raise NotImplementedError


class Impatient(Griefer):
    """Cranks everything there is, due or not, with and without salts."""

    def grieve(self, run: Run, life: Life) -> None:
        job, me = run.job(life), self.actor
        owner = job.lease.provider
        steps: dict[str, Instruction] = {"expire job": cranks.expire_job(run, me, life)}
        if job.state == JobState.CLAIMED:
            steps["expire lease"] = cranks.expire_lease(run, life)
        if run.judging(life) is not None:
            steps |= {
                "adopt": cranks.adopt_partial(me, life),
                "draw unsalted": cranks.draw(run, me, life, None),
                "draw with a wrong salt": cranks.draw(run, me, life, self.random.randbytes(32)),
                "tally": cranks.tally(run, me, life),
                "settle": cranks.settle(run, me, life),
                "void": cranks.void(run, me, life, owner),
                "expire answers": cranks.expire_answers(me, life),
                "slash provider": slash_provider(run.world, life.job, owner),
                "close verdict": verdict.close_verdict(payer=owner, job=life.job.address),
            }
        what = self.random.choice(sorted(steps))
        refunds = job.state == JobState.POSTED and job.progress == 0
        if self.send(run, what, steps[what]) and what == "expire job" and refunds:
            life.refund_tips[me.key] += life.job.offer.tip


class FalseChallenger(Griefer):
    """Stages evidence against elements that are right, and asks for a bounty."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self._pursuits: dict[int, Pursuit] = {}

    def act(self, run: Run, life: Life) -> None:
        pursuit = self._pursuits.get(life.job.id)
        if pursuit is not None and not pursuit.done:
            pursuit.advance(run)
        super().act(run, life)

    def grieve(self, run: Run, life: Life) -> None:
        pursuit = self._pursuits.get(life.job.id)
        found = run.judging(life)
        if found is None or not life.works or (pursuit and not pursuit.done):
            return
        if life.check(found).missing:
            return
        right = [p for p in PLACES if p not in life.lies and p[0] < life.works[-1].last]
        self._pursuits[life.job.id] = Pursuit(self, life, self.random.choice(right))


class BountyThief(Griefer):
    """Sees a lie being proven, and tries to prove it first with someone else's bytes."""

    def grieve(self, run: Run, life: Life) -> None:
        found = run.judging(life)
        place = life.check(found).wrong
        if place is None or found is None:
            return
        evidence = life.trace.witness.stage(*place)
        theirs = [
            buffer
            for buffer, raw in run.world.bank.program_accounts(verdict.ID)
            if bytes(raw.data).startswith(verdict.Buffer.DISCRIMINATOR)
        ]
        mine = Challenge(self.actor, life.job, *place, evidence)
        self.send(run, "place a late ticket", mine.place())
        for buffer in theirs[:1]:
            self.send(
                run, "prove by another's buffer", with_account(mine.prove(), mine.buffer, buffer)
            )
        self.send(run, "stage", mine.create(run.world), mine.open())
        for write in mine.writes():
            self.send(run, "write", write)
        self.send(run, "prove by a young ticket", mine.prove())
        self.send(run, "clear", mine.close(), mine.close_ticket())
