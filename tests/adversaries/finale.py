"""The steps that remain for a job that has ended, which anyone may take."""

from keeper.lab.market import judgement as judge
from neurolov_client import escrow, job_registry, staking, verdict
from neurolov_client.bindings.verdict import BallotState
from tests.adversaries.life import Life
from tests.adversaries.outsiders import PROVEN, slash_all
from tests.adversaries.party import Party
from tests.adversaries.run import Run


class Stranger(Party):
    """Pays all parties, frees all stake, and closes what can be closed."""

    def act(self, run: Run, life: Life) -> None:
        """Takes all steps at once; each of them must succeed."""
        found = run.judging(life)
        if found is not None:
            if found.outcome in PROVEN:
                slash_all(self, run, life, found)
            self._release_ballots(run, life, found)
            self._report_silence(run, life, found)
            closing = verdict.close_verdict(payer=found.payer, job=life.job.address)
            assert self.send(run, "close verdict", closing)
        self._release_exposures(run, life)
        self._pay(run, life)
        buyer = life.job.buyer
        closing = job_registry.reclaim(buyer=buyer.key, job=life.job.address)
        run.world.send(closing, signers=[buyer])
        life.closed = True

    def _release_ballots(self, run: Run, life: Life, found: verdict.Verdict) -> None:
        for number, ballot in enumerate(found.ballots[: found.ballot_count]):
            if ballot.state in {BallotState.CAST, BallotState.REVEALED}:
                owner = next(a for a in run.town.everybody if a.key == ballot.verifier)
                assert self.attempt(
                    run,
                    "release ballot",
                    lambda owner=owner, number=number: judge.release(  # type: ignore[misc]
                        run.world, owner, life.job, number
                    ),
                )

    def _report_silence(self, run: Run, life: Life, found: verdict.Verdict) -> None:
        for number, ballot in enumerate(found.ballots[: found.ballot_count]):
            if ballot.state == BallotState.DRAWN:
                self.attempt(
                    run,
                    "report silence",
                    lambda number=number: judge.report_silent(  # type: ignore[misc]
                        run.world, life.job, number
                    ),
                )

    def _release_exposures(self, run: Run, life: Life) -> None:
        for exposure in run.world.all(staking.Exposure).values():
            if exposure.job == life.job.address:
                releasing = job_registry.release_exposure(
                    job=exposure.job,
                    payer=exposure.payer,
                    position=staking.position_address(exposure.owner),
                    exposure=staking.exposure_address(exposure.job, exposure.owner),
                )
                assert self.send(run, "release exposure", releasing)

    def _pay(self, run: Run, life: Life) -> None:
        found = run.world.fetch(escrow.Escrow, life.job.escrow)
        for credit in found.credits[: found.credit_count]:
            owner = next(a for a in run.town.everybody if a.key == credit.party)
            if not credit.paid:
                judge.withdraw(run.world, owner, life.job)
        if found.fee_due:
            judge.collect_fee(run.world, life.job)
        judge.reclaim(run.world, life.job)
