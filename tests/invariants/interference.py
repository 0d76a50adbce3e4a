"""The steps that anyone may try on a job, in turn or out of turn."""

from collections.abc import Callable, Iterator
from functools import partial

from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Outcome
from tests.invariants.ledger import JobLedger
from tests.invariants.progress import Progress
from tests.world import Actor

Step = Callable[[], None]


class Interference(Progress):
    """Each step predicts whether it is refused, so that trying it at any time is a test."""

    def interfere(self, ledger: JobLedger, pick: int, party: Actor, other: int) -> None:
        """Takes one of the steps whose accounts exist; `other` chooses among parties or parts."""
        steps = list(self._steps(ledger, party, other))
        if steps:
            steps[pick % len(steps)]()

    def _steps(self, ledger: JobLedger, party: Actor, other: int) -> Iterator[Step]:
        address = ledger.job.address
        if not ledger.closed:
            yield partial(self.claim, self.providers[other % len(self.providers)], ledger)
            yield partial(self.close_job, ledger)
            if self.job(ledger).state == JobState.CLAIMED:
                yield partial(self.expire_lease, ledger)
        if not ledger.escrow_closed:
            yield partial(self.cancel, ledger)
            yield partial(self.expire_job, ledger, party)
            yield partial(self.collect_fee, ledger)
            yield partial(self.reclaim, ledger)
            if ledger.credits:
                yield partial(self.withdraw_credit, ledger, other % len(ledger.credits))
        if address in self.view.verdicts:
            yield from self._on_verdict(ledger, party, other)
        for exposure in self.view.exposures.values():
            if exposure.job == address:
                yield partial(self.release_exposure, exposure)
        for number, ballot in ledger.ballots.items():
            if not ballot.released:
                yield partial(self.release_ballot, ledger, number)
                yield partial(self.slash_ballot, ledger, number)

    def _on_verdict(self, ledger: JobLedger, party: Actor, other: int) -> Iterator[Step]:
        yield partial(self.adopt_partial, ledger, party)
        yield partial(self.draw, ledger, party, salted=bool(other % 2), wait=False)
        yield partial(self.tally, ledger, party)
        yield partial(self.close_verdict, ledger)
        if not ledger.closed:
            yield partial(self.challenge, ledger)
            yield partial(self.answer, ledger, other % 9)
            yield partial(self.expire_answers, ledger, party)
        slashing = {Outcome.FRAUD, Outcome.WITHHELD}
        if self.verdict(ledger).outcome in slashing and not ledger.final:
            yield partial(self.slash_provider, ledger)
        if not ledger.escrow_closed:
            yield partial(self.settle, ledger, party)
            yield partial(self.void, ledger, party)
        for number in range(self.verdict(ledger).ballot_count):
            yield partial(self.report_silent, ledger, number)
