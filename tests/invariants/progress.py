"""The next step that a job waits for, taken by the parties whose turn it is."""

from dataclasses import dataclass

from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Choice, State
from tests.invariants.closing import Closing
from tests.invariants.ledger import JobLedger
from tests.world import Actor


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the parties of a job behave. A job's numbers are those of its operators."""

    provider: int
    last: int
    restart: bool
    silent: bool
    salted: bool
    votes: tuple[Choice | None, ...]
    operator: int
    withheld: frozenset[int]
    cranker: int
    answers: int
    challenges: bool


class Progress(Closing):
    """Jobs under way."""

    def advance(self, ledger: JobLedger, conduct: Conduct) -> None:
        """Takes the job's next step, waiting for it where needed."""
        job = self.job(ledger)
        if job.state == JobState.POSTED:
            self._begin(ledger, conduct)
        elif job.state == JobState.CLAIMED:
            self._work(ledger, conduct)
        else:
            self._judge(ledger, conduct)

    def _begin(self, ledger: JobLedger, conduct: Conduct) -> None:
        ready = [owner for owner in self.providers if not self.claim_refusal(owner, ledger)]
        if ready:
            owner = ready[conduct.provider % len(ready)]
            operator = self.operator_of(owner)
            self.claim(owner, ledger, operator)
            if self.job(ledger).state == JobState.POSTED:
                # The operator's budget is used up, but the owner's stake is not.
                self.claim(owner, ledger)
            return
        if self.job(ledger).attempts < ledger.parameters.job_registry.max_attempts:
            self.outlast(ledger)
        self.expire_job(ledger, self._cranker(conduct))

    def _work(self, ledger: JobLedger, conduct: Conduct) -> None:
        if conduct.silent:
            self.open_verdict(ledger)
            self.outlast(ledger)
        if self.world.slot > self.job(ledger).lease.expires_slot:
            self.expire_lease(ledger)
        else:
            self.commit(ledger, conduct.last, restart=conduct.restart)

    def _judge(self, ledger: JobLedger, conduct: Conduct) -> None:
        if conduct.challenges:
            self.challenge(ledger)
        state, cranker = self.verdict(ledger).state, self._cranker(conduct)
        if state == State.COMMITTING:
            self.adopt_partial(ledger, cranker)
        elif state == State.COMMITTED:
            self.draw(ledger, cranker, salted=conduct.salted)
        elif state == State.BALLOTING:
            self.cast(ledger, conduct.votes, conduct.operator)
            self.reveal(ledger, conduct.withheld)
            self.outlast(ledger)
            self.decide(ledger, cranker)
        else:
            self.answer(ledger, conduct.answers)
            if self.verdict(ledger).state != State.COMMITTED:
                self.outlast(ledger)
                self.decide(ledger, cranker)

    def _cranker(self, conduct: Conduct) -> Actor:
        return self.crankers[conduct.cranker % len(self.crankers)]
