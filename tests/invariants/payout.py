"""Steps after the end of a job: everything owed is paid, everything locked is freed."""

from neurolov_client import (
    CPI_AUTHORITIES,
    escrow,
    job_registry,
    shard_of,
    staking,
    verdict,
)
from neurolov_client.bindings.job_registry import BPS, JobState
from neurolov_client.bindings.verdict import Choice, Outcome, State
from tests.invariants.disputes import DisputeSteps
from tests.invariants.ledger import JobLedger
from tests.invariants.market import ENDED


class PayoutSteps(DisputeSteps):
    """Each step predicts from the view whether it is allowed, and books what it moves."""

    def withdraw_credit(self, ledger: JobLedger, index: int) -> None:
        """Pays one credit, and tries to have it paid again."""
        credit = self.view.escrows[ledger.job.address].credits[index]
        owner = self.by_key[credit.party]
        withdrawal = escrow.withdraw(
            index=index,
            escrow=ledger.job.escrow,
            vault=self.vault_of(ledger),
            destination=owner.tokens,
        )
        if not credit.paid:
            self.attempt(None, withdrawal)
            self.book.move(self.vault_of(ledger), owner.tokens, ledger.pay(owner.key))
        self.attempt("AlreadyPaid", withdrawal)

    def collect_fee(self, ledger: JobLedger) -> None:
        fees = escrow.fees_address(shard_of(ledger.job.address))
        self.attempt(
            None if ledger.fee_due else "NothingToCollect",
            escrow.collect_fee(
                escrow=ledger.job.escrow, vault=self.vault_of(ledger), fee_vault=fees
            ),
        )
        self.book.move(self.vault_of(ledger), fees, ledger.fee_due)
        ledger.fee_due = 0

    def sweep(self, shard: int) -> None:
        fees, params = escrow.fees_address(shard), self.world.parameters.escrow
        amount = self.book.balances[fees]
        self.attempt(
            None if amount else "NothingToCollect",
            escrow.sweep(
                shard=shard,
                terms=self.world.terms,
                mint=self.world.mint,
                fee_vault=fees,
                treasury=self.world.treasury,
            ),
        )
        stakers, treasury = (
            amount * bps // BPS for bps in (params.stakers_bps, params.treasury_bps)
        )
        self.book.move(fees, staking.reward_vault_address(), stakers)
        self.book.move(fees, self.world.treasury, treasury)
        self.book.burn(fees, amount - stakers - treasury)
        self.funded += stakers

    def reclaim(self, ledger: JobLedger) -> None:
        """Gives the buyer what no other party is owed; the vault closes once it owes nothing."""
        vault, buyer = self.vault_of(ledger), ledger.job.buyer
        spare = self.book.balances[vault] - ledger.outstanding
        refusal = None
        if not ledger.final:
            refusal = "NotFinal"
        elif not spare and ledger.outstanding:
            refusal = "NothingToReclaim"
        self.attempt(
            refusal,
            escrow.reclaim(
                buyer=buyer.key, escrow=ledger.job.escrow, vault=vault, destination=buyer.tokens
            ),
        )
        if refusal is None:
            self.book.move(vault, buyer.tokens, spare)
            if not ledger.outstanding:
                self.book.close(vault)
                ledger.escrow_closed = True

    def release_exposure(self, exposure: staking.Exposure) -> None:
        """Frees a provider's stake; the registry may not free a verifier's."""
        job = self.view.jobs.get(exposure.job)
        refusal = None
        if job is not None and job.state not in ENDED:
            refusal = "JobNotEnded"
        elif exposure.authority != CPI_AUTHORITIES["job_registry"]:
            refusal = "WrongCaller"
        self.attempt(
            refusal,
            job_registry.release_exposure(
                job=exposure.job,
                payer=exposure.payer,
                position=staking.position_address(exposure.owner),
                exposure=staking.exposure_address(exposure.job, exposure.owner),
            ),
        )

    def release_ballot(self, ledger: JobLedger, number: int) -> None:
        """Frees a verifier's stake, less the silence fee where it did not reveal."""
        ballot, fees = ledger.ballots[number], escrow.fees_address(shard_of(ledger.job.address))
        found = self.verdict(ledger)
        fraud = found.outcome == Outcome.FRAUD
        accepted = ballot.revealed and ballot.choice is Choice.ACCEPT
        refusal = None
        if found.state != State.SETTLED:
            refusal = "WrongState"
        elif fraud and accepted and not ballot.slashed:
            refusal = "BallotUnslashed"
        exposure = self.view.exposures[ledger.job.address, ballot.verifier]
        self.attempt(
            refusal,
            verdict.release_ballot(
                ballot=number,
                verdict=verdict.verdict_address(ledger.job.address),
                payer=exposure.payer,
                position=staking.position_address(ballot.verifier),
                exposure=staking.exposure_address(ledger.job.address, ballot.verifier),
                escrow_config=escrow.config_address(),
                fee_vault=fees,
            ),
        )
        if refusal is not None:
            return
        ballot.released = True
        latest = found.ballots[number].draw == found.draws
        cut_short = fraud and latest and found.window_end <= found.reveal_deadline
        if not ballot.revealed and not cut_short:
            self.lose(exposure, ballot.bond)
            self.book.move(staking.stake_vault_address(), fees, ballot.bond)
            self.reached["silenced"] += 1

    def close_verdict(self, ledger: JobLedger) -> None:
        found = self.verdict(ledger)
        refusal = None
        if found.state != State.SETTLED and self.job(ledger).state not in {
            JobState.CANCELLED,
            JobState.EXPIRED,
        }:
            refusal = "WrongState"
        elif not all(ballot.released for ballot in ledger.ballots.values()):
            refusal = "BallotsUnreleased"
        elif any(self.kept_silent(ledger, number) for number in range(found.ballot_count)):
            refusal = "SilenceUnreported"
        self.attempt(refusal, verdict.close_verdict(payer=found.payer, job=ledger.job.address))

    def close_job(self, ledger: JobLedger) -> None:
        """Closes the job's account once its escrow and its verdict are gone."""
        checks = {
            "EscrowOpen": not ledger.escrow_closed,
            "VerdictOpen": ledger.job.address in self.view.verdicts,
            "JobNotEnded": self.job(ledger).state not in ENDED,
        }
        refusal = next((refusal for refusal, applies in checks.items() if applies), None)
        buyer = ledger.job.buyer
        self.attempt(
            refusal,
            job_registry.reclaim(buyer=buyer.key, job=ledger.job.address),
            signers=[buyer],
        )
        ledger.closed = refusal is None
