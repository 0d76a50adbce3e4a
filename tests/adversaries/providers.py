"""Parties that compute, and parties that only claim to."""

from random import Random
from typing import ClassVar

from keeper.lab.market.challenge import Challenge
from keeper.lab.market.jobs import claiming
from keeper.lab.market.judgement import commit
from neurolov_client import job_registry, staking, verdict
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import MAX_STAGES, QUESTIONS, State
from tests.adversaries.life import Life
from tests.adversaries.party import Party
from tests.adversaries.pursuit import Pursuit
from tests.adversaries.questions import question, seed_of
from tests.adversaries.run import Run
from tests.adversaries.traces import OPERATORS, PLACES, Place, Work, trace_of
from tests.world import Actor


class Provider(Party):
    """Computes, commits in one stage or several, and serves its data."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.splits = sorted(random.sample(range(1, OPERATORS), random.choice([0, 0, 1, 3])))
        self.unhurried = random.random() < 0.2
        """Whether it commits in the last slot of its lease and answers in the last slot allowed."""
        if self.unhurried:
            self.splits = []
        self.served = True
        self.opens = True
        self.last = OPERATORS
        """It never commits the operators after this one."""
        self.lies: frozenset[Place] = frozenset()
        self.answers = True
        """Whether it shows the requested elements when its data is said to be missing."""
        self.patient = random.random() < 0.7
        """Whether it claims only when every provider's turn has come."""
        self._declined: set[int] = set()
        self._answered: set[tuple[int, int]] = set()

    def act(self, run: Run, life: Life) -> None:
        if life.ended is not None:
            return
        job = run.job(life)
        if job.state == JobState.POSTED:
            self._claim(run, life, job)
        elif job.state == JobState.CLAIMED and job.lease.provider == self.actor.key:
            self._work(run, life, job)
        elif job.state == JobState.COMMITTED:
            found = run.judging(life)
            mine = any(work.provider == self.actor.key for work in life.works)
            if mine and found is not None and found.state == State.ANSWERING:
                self._answer(run, life, found)

    def _answer(self, run: Run, life: Life, found: verdict.Verdict) -> None:
        """Shows the elements that the beacon asks for, where it has right data for them."""
        seed = seed_of(run.world, found)
        held = all(w.opens and (w.served or w.provider == self.actor.key) for w in life.works)
        if self.unhurried and run.world.slot < found.availability.deadline:
            return
        key = (life.job.id, found.availability.asked_slot)
        if not (self.answers and held) or seed is None or key in self._answered:
            return
        self._answered.add(key)
        for index in range(QUESTIONS):
            if not found.availability.answered >> index & 1:
                self._show(run, life, index, question(seed, index, life.works[-1].last))

    def _show(self, run: Run, life: Life, index: int, place: Place) -> None:
        evidence = life.trace.witness.stage(*place)
        shown = Challenge(self.signer, life.job, *place, evidence)
        self.send(run, "stage", shown.create(run.world), shown.open())
        for write in shown.writes():
            self.send(run, "write", write)
        self.send(run, "answer", shown.answer(index, run.terms(life)))
        self.send(run, "clear", shown.close())

    def _claim(self, run: Run, life: Life, job: job_registry.Job) -> None:
        turn = job.attempts
        if (
            turn >= len(life.claimers)
            or life.claimers[turn] != self.actor
            or turn in self._declined
        ):
            return
        waited = run.world.slot >= self._everybodys_turn(run, job)
        if self.patient and not waited:
            return
        claim = claiming(run.world, self.actor, life.job, self.signer)
        if self.send(run, "claim", claim) is None and waited:
            self._declined.add(turn)

    def _everybodys_turn(self, run: Run, job: job_registry.Job) -> int:
        return job.posted_slot + 1 + run.world.parameters.job_registry.claim_max_delay_slots

    def _work(self, run: Run, life: Life, job: job_registry.Job) -> None:
        mine = bool(life.works) and life.works[-1].provider == self.actor.key
        full = len(life.works) == MAX_STAGES
        starts_over = not mine and bool(life.works) and (full or not self.builds_on(run, life))
        first = 0 if starts_over else job.progress
        room = MAX_STAGES - (0 if first == 0 else len(life.works))
        last = next((split for split in self.splits if split > first), OPERATORS)
        if room <= 1:
            last = max(self.last, first + 1)
        if self.unhurried and run.world.slot < job.lease.expires_slot:
            return
        if first >= self.last or last > self.last or run.world.slot > job.lease.expires_slot:
            return
        lies = frozenset(place for place in self.lies if first <= place[0] < last)
        work = Work(self.actor.key, first, last, lies, self.served, self.opens)
        works = [work] if first == 0 else [*life.works, work]
        root = trace_of(works).witness.claim(0, 0).stages[-1].root
        if not self.opens:
            root = self.random.randbytes(32)
        if self.attempt(
            run,
            "commit",
            lambda: commit(
                run.world,
                self.actor,
                life.job,
                first=first,
                last=last,
                root=root,
                operator=self.signer,
            ),
        ):
            life.works = works

    def builds_on(self, run: Run, life: Life) -> bool:
        """Returns whether to continue from an earlier provider's commitment."""
        finding = life.check(run.judging(life))
        return not finding.missing and finding.wrong is None


class HonestProvider(Provider):
    """Continues from a checkpoint only after checking it."""

    honest: ClassVar[bool] = True


class Liar(Provider):
    """Commits one or several wrong elements in the open, then tries to save its stake."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.lies = frozenset(random.sample(PLACES, random.choice([1, 1, 2])))
        self._fled = False

    def act(self, run: Run, life: Life) -> None:
        super().act(run, life)
        if life.ended is None and run.job(life).state == JobState.COMMITTED and not self._fled:
            self._fled = True
            self._flee(run)

    def _flee(self, run: Run) -> None:
        """Unstakes more than is free; the chain must refuse it."""
        owner = self.actor.key
        position = run.world.fetch(staking.Position, staking.position_address(owner))
        fleeing = staking.request_unstake(
            amount=position.amount - position.collateral - position.exposed + position.balloted + 1,
            owner=owner,
            ticket=staking.ticket_address(owner, position.tickets),
        )
        self.send(run, "unstake what is exposed", fleeing)

    def builds_on(self, run: Run, life: Life) -> bool:
        return self.random.random() < 0.5


class Thief(Liar):
    """Holds the stolen operator's key of a provider, and lies until its budget is used up."""

    def __init__(self, actor: Actor, random: Random, stolen: Actor, budget: int) -> None:
        super().__init__(actor, random)
        self.signer = stolen
        self.budget = budget

    def _flee(self, run: Run) -> None:
        """Tries to move the stake and to appoint itself anew; the chain must refuse it."""
        owner, thief = self.actor.key, self.signer.key
        position = run.world.fetch(staking.Position, staking.position_address(owner))
        theirs = staking.position_address(owner)
        ticket = staking.ticket_address(owner, position.tickets)
        for what, taking in {
            "unstake by a stolen key": staking.request_unstake(
                amount=1, owner=thief, ticket=ticket, position=theirs
            ),
            "appoint by a stolen key": staking.set_operator(
                operator=thief, budget=2 * self.budget, owner=thief, position=theirs
            ),
            "take a seat by a stolen key": staking.take_seat(
                index=1_000, collateral=self.budget, owner=thief, position=theirs
            ),
        }.items():
            self.send(run, what, taking)


class SelfChallenger(Liar):
    """Lies and proves the lie itself with another key: at once, or after others have accepted."""

    def __init__(self, actor: Actor, random: Random, challenger: Actor) -> None:
        super().__init__(actor, random)
        self.challenger = Challenger(challenger, random)
        self.lies_in_wait = random.random() < 0.5

    def act(self, run: Run, life: Life) -> None:
        super().act(run, life)
        found = run.judging(life)
        if not (self.lies_in_wait and found is not None and found.state < State.DISPUTED):
            self.challenger.act(run, life)


class Challenger(Party):
    """The other key: challenges every lie that it can prove."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self._pursuits: dict[int, Pursuit] = {}

    def act(self, run: Run, life: Life) -> None:
        pursuit = self._pursuits.get(life.job.id)
        if pursuit is None and life.ended is None:
            place = life.check(run.judging(life)).wrong
            if place is None or run.job(life).state in {JobState.POSTED, JobState.CLAIMED}:
                return
            pursuit = Pursuit(self, life, place)
            self._pursuits[life.job.id] = pursuit
        if pursuit is not None and not pursuit.done:
            pursuit.advance(run)


class DataWithholder(Provider):
    """Commits right, wrong or made-up roots, and gives nobody the data."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.served = False
        self.opens = random.random() < 0.7
        self.answers = random.random() < 0.6
        if random.random() < 0.5:
            self.lies = frozenset(random.sample(PLACES, 1))


class Staller(Provider):
    """Claims, commits a part or nothing, and goes silent with the lease."""

    def __init__(self, actor: Actor, random: Random) -> None:
        super().__init__(actor, random)
        self.splits = [*range(1, OPERATORS)]
        self.last = random.choice([*range(OPERATORS), MAX_STAGES, MAX_STAGES])
        self.served = random.random() < 0.7
        self.answers = False
        if random.random() < 0.3:
            self.lies = frozenset(random.sample(PLACES, 1))

    def act(self, run: Run, life: Life) -> None:
        super().act(run, life)
        found = run.judging(life)
        if found is None and life.ended is None and run.job(life).state == JobState.CLAIMED:
            opening = verdict.open_verdict(payer=self.actor.key, job=life.job.address)
            if run.job(life).lease.provider == self.actor.key and self.random.random() < 0.3:
                self.send(run, "open", opening)
