"""Parties that vote, with or without checking."""

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from keeper.lab.market.judgement import ballot_salt, cast, decline, reveal
from neurolov_client import staking, verdict
from neurolov_client.bindings.verdict import BallotState, Choice, State
from tests.adversaries.life import Life
from tests.adversaries.party import Party
from tests.adversaries.pursuit import Pursuit
from tests.adversaries.run import Run
from tests.world import Actor

Vote = tuple[Choice, int, int]
"""Choice, operator, element."""


@dataclass(slots=True)
class Paper:
    """A ballot as its owner knows it."""

    vote: Vote
    revealed: bool = False


class Verifier(Party):
    """Casts at its own time, reveals, and proves what it rejects."""

    def __init__(self, actor: Actor, random: Random, seat: int) -> None:
        super().__init__(actor, random)
        self.seat = seat
        self.haste = random.choice([0.0, 0.0, random.random(), 1.0])
        """The share of the casting window that passes before it casts."""
        self.unhurried = random.random() < 0.2
        """Whether it reveals in the last slot allowed."""
        self.papers: dict[tuple[int, int], Paper] = {}
        self._pursuits: dict[int, Pursuit] = {}
        self._barred: set[tuple[int, int]] = set()

    def vote(self, run: Run, life: Life) -> Vote | None:
        """Returns its vote, or none to stay silent."""
        finding = life.check(run.judging(life))
        if finding.missing:
            return Choice.UNAVAILABLE, 0, 0
        if finding.wrong is not None:
            return (Choice.REJECT, *finding.wrong)
        return Choice.ACCEPT, 0, 0

    def reveals(self, run: Run, life: Life) -> bool:
        """Returns whether to reveal what was cast."""
        return True

    def act(self, run: Run, life: Life) -> None:
        found = run.judging(life)
        if found is not None and found.state == State.BALLOTING and life.ended is None:
            for number, ballot in enumerate(found.ballots[: found.ballot_count]):
                if ballot.seat == self.seat and ballot.draw == found.draws:
                    self._ballot(run, life, found, number, ballot)
        pursuit = self._pursuits.get(life.job.id)
        if pursuit is not None and not pursuit.done:
            pursuit.advance(run)

    def _ballot(
        self, run: Run, life: Life, found: verdict.Verdict, number: int, ballot: verdict.Ballot
    ) -> None:
        key = (life.job.id, number)
        slot, paper = run.world.slot, self.papers.get(key)
        if key in self._barred:
            return
        if ballot.state == BallotState.DRAWN and paper is None and slot <= found.ballot_deadline:
            begun = found.ballot_deadline - run.world.parameters.verdict.ballot_slots
            due = begun + int(self.haste * run.world.parameters.verdict.ballot_slots)
            if slot < due:
                run.wake(due)
                return
            vote = self.vote(run, life)
            if vote is not None and self.cast(run, life, number, vote):
                self.papers[key] = Paper(vote)
        elif (
            ballot.state == BallotState.CAST and paper is not None and found.ballot_deadline < slot
        ):
            if self.unhurried and slot < found.reveal_deadline:
                return
            if slot <= found.reveal_deadline and self.reveals(run, life):
                self._reveal(run, life, number, paper)

    def cast(self, run: Run, life: Life, number: int, vote: Vote) -> bool:
        """Commits to a vote and returns whether the chain took it.

        A refused vote is not tried again. Without collateral for it, the ballot is declined.
        """
        choice, operator, element = vote
        sent = self.attempt(
            run,
            f"cast {choice.name}",
            lambda: cast(
                run.world,
                self.actor,
                life.job,
                number,
                choice,
                operator=operator,
                element=element,
            ),
        )
        if not sent:
            self._barred.add((life.job.id, number))
            self.attempt(run, "decline", lambda: decline(run.world, self.actor, life.job, number))
        return bool(sent)

    def _reveal(self, run: Run, life: Life, number: int, paper: Paper) -> None:
        choice, operator, element = paper.vote
        sent = self.attempt(
            run,
            f"reveal {choice.name}",
            lambda: reveal(
                run.world,
                self.actor,
                life.job,
                number,
                choice,
                operator=operator,
                element=element,
            ),
        )
        if sent:
            salt = ballot_salt(self.actor, life.job)
            life.opened[number] = (choice, operator, element, salt)
            if choice is Choice.REJECT:
                self.prove(run, life, number, (operator, element))

    def prove(self, run: Run, life: Life, number: int, place: tuple[int, int]) -> None:
        """Proves by the right of its own ballot, where there is data to show."""
        if not life.check(run.judging(life)).missing:
            pursuit = Pursuit(self, life, place, ballot=number)
            self._pursuits.setdefault(life.job.id, pursuit)


class HonestVerifier(Verifier):
    """Recomputes everything, and votes for what it found."""

    honest: ClassVar[bool] = True


class LazyVerifier(Verifier):
    """Accepts without checking."""

    def vote(self, run: Run, life: Life) -> Vote | None:
        return Choice.ACCEPT, 0, 0


class Colluder(Verifier):
    """Accepts whatever its band commits, and is honest otherwise."""

    def vote(self, run: Run, life: Life) -> Vote | None:
        if any(run.together(self.actor.key, work.provider) for work in life.works):
            return Choice.ACCEPT, 0, 0
        return super().vote(run, life)


class Rejecter(Verifier):
    """Rejects honest work at some element, and tries to prove that."""

    def vote(self, run: Run, life: Life) -> Vote | None:
        covered = life.works[-1].last
        return Choice.REJECT, self.random.randrange(covered), self.random.randrange(4)


class Denier(Verifier):
    """Claims that available data is unavailable."""

    def vote(self, run: Run, life: Life) -> Vote | None:
        return Choice.UNAVAILABLE, 0, 0


class BallotWithholder(Verifier):
    """Casts what it may and does not reveal, or does not vote at all."""

    def __init__(self, actor: Actor, random: Random, seat: int) -> None:
        super().__init__(actor, random, seat)
        self.mute = random.random() < 0.3

    def vote(self, run: Run, life: Life) -> Vote | None:
        return (
            None if self.mute else (self.random.choice([Choice.ACCEPT, Choice.UNAVAILABLE]), 0, 0)
        )

    def reveals(self, run: Run, life: Life) -> bool:
        return False


class Copier(Verifier):
    """Casts another verifier's commitment, and reveals what that verifier revealed."""

    def __init__(self, actor: Actor, random: Random, seat: int) -> None:
        super().__init__(actor, random, seat)
        self._copied: dict[tuple[int, int], int] = {}
        self._tried: set[tuple[int, int]] = set()

    def cast(self, run: Run, life: Life, number: int, vote: Vote) -> bool:
        found = run.judging(life)
        assert found is not None
        others = [
            index
            for index, ballot in enumerate(found.ballots[: found.ballot_count])
            if ballot.state == BallotState.CAST and ballot.draw == found.draws
        ]
        if not others:
            run.wake(found.ballot_deadline)
            return False
        copied = self.random.choice(others)
        sent = self.send(
            run,
            "cast a copy",
            verdict.cast_ballot(
                ballot=number,
                commitment=found.ballots[copied].commitment,
                signer=self.actor.key,
                terms=run.terms(life),
                job=life.job.address,
                seat=staking.seat_address(self.seat),
                position=staking.position_address(self.actor.key),
                exposure=staking.exposure_address(life.job.address, self.actor.key),
            ),
        )
        if sent:
            self._copied[life.job.id, number] = copied
        return bool(sent)

    def reveals(self, run: Run, life: Life) -> bool:
        for (job, number), copied in self._copied.items():
            if job == life.job.id and copied in life.opened and (job, number) not in self._tried:
                self._tried.add((job, number))
                choice, operator, element, salt = life.opened[copied]
                self.send(
                    run,
                    "reveal a copy",
                    verdict.reveal_ballot(
                        ballot=number,
                        choice=choice,
                        operator=operator,
                        element=element,
                        salt=salt,
                        verdict=verdict.verdict_address(life.job.address),
                    ),
                )
        return False
