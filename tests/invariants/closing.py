"""The end of every job without any party's help: time passes, and strangers crank."""

from typing import Final

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from neurolov_client import escrow, staking
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.staking import HELD, VACATED_EPOCHS
from neurolov_client.bindings.verdict import Choice, Outcome, State
from tests.invariants.hostile import Hostile
from tests.invariants.ledger import JobLedger
from tests.invariants.market import ENDED
from tests.world import Actor

_LONGEST: Final = 24
"""The most steps that a stranger can need: two for each of 3 leases, 8 with tips, a slash, and one
more expiry."""
_VOIDED: Final = {Outcome.UNAVAILABLE, Outcome.FRAUD, Outcome.WITHHELD}
_SLASHED: Final = {Outcome.FRAUD, Outcome.WITHHELD}


class Closing(Hostile):
    """The steps that nobody can prevent."""

    def close(self) -> None:
        """Brings every job to its end, pays and frees everything, and withdraws all stake."""
        for ledger in self.ledgers:
            self.conclude(ledger)
        for ledger in self.ledgers:
            self.pay_out(ledger)
        assert not self.view.escrows
        assert not self.view.verdicts
        assert not self.view.jobs
        assert not self.view.exposures, "stake stays exposed to a job that is gone"
        assert all(ledger.closed for ledger in self.ledgers)
        for shard in range(16):
            if self.book.balances[escrow.fees_address(shard)]:
                self.sweep(shard)
        self.take_stake_out()
        self.audit()

    def conclude(self, ledger: JobLedger) -> None:
        """Lets every deadline of the job pass."""
        for _ in range(_LONGEST):
            if ledger.final:
                return
            self._crank(ledger)
            self.audit()
        raise AssertionError(f"job {ledger.job.address} has no end")

    def _crank(self, ledger: JobLedger) -> None:
        job, cranker = self.job(ledger), self.crankers[1]
        if job.state == JobState.POSTED:
            if job.attempts < ledger.parameters.job_registry.max_attempts:
                self.outlast(ledger)
            self.expire_job(ledger, cranker)
        elif job.state == JobState.CLAIMED:
            self.outlast(ledger)
            self.expire_lease(ledger)
        elif self.verdict(ledger).state == State.COMMITTING:
            self.adopt_partial(ledger, cranker)
        elif self.verdict(ledger).state == State.COMMITTED:
            self.draw(ledger, cranker, salted=False)
        else:
            self.outlast(ledger)
            self.decide(ledger, cranker)

    def decide(self, ledger: JobLedger, cranker: Actor) -> None:
        """Counts the ballots, or ends the verdict as its outcome demands."""
        found = self.verdict(ledger)
        if found.state == State.BALLOTING:
            self.tally(ledger, cranker)
        elif found.state == State.ANSWERING:
            self.expire_answers(ledger, cranker)
        elif found.outcome in _SLASHED and not found.fraud.slashed:
            self.slash_provider(ledger)
        elif found.outcome in _VOIDED:
            self.void(ledger, cranker)
        else:
            self.settle(ledger, cranker)

    def outlast(self, ledger: JobLedger) -> None:
        """Lets the deadline pass that the job is waiting for."""
        job = self.job(ledger)
        waits: dict[int, int] = {
            JobState.POSTED: job.claim_deadline,
            JobState.CLAIMED: job.lease.expires_slot,
        }
        deadline = waits.get(job.state, 0)
        if job.state == JobState.COMMITTED:
            found = self.verdict(ledger)
            deadlines = {
                State.BALLOTING: found.reveal_deadline,
                State.DISPUTED: found.window_end,
                State.ANSWERING: found.availability.deadline,
                State.DECIDED: self.trap_deadline(ledger)
                if found.outcome in _SLASHED
                else found.window_end,
            }
            deadline = deadlines.get(State(found.state), 0)
        if self.world.slot <= deadline:
            self.world.warp_to(deadline + 1)

    def pay_out(self, ledger: JobLedger) -> None:
        """Takes all steps that remain once a job has ended and that nobody has taken."""
        address = ledger.job.address
        if not ledger.escrow_closed:
            for index, credit in enumerate(self.view.escrows[address].credits):
                if credit.amount and not credit.paid:
                    self.withdraw_credit(ledger, index)
            if ledger.fee_due:
                self.collect_fee(ledger)
            self.reclaim(ledger)
        assert ledger.escrow_closed
        if address in self.view.verdicts:
            self.end_ballots(ledger)
            self.close_verdict(ledger)
        for exposure in list(self.view.exposures.values()):
            if exposure.job == address:
                self.release_exposure(exposure)
        if not ledger.closed:
            assert self.job(ledger).state in ENDED
            self.close_job(ledger)
        self.audit()

    def end_ballots(self, ledger: JobLedger) -> None:
        """Frees or takes the stake behind every ballot, and reports those that were not cast."""
        for number, ballot in ledger.ballots.items():
            if ballot.released:
                continue
            accepted = ballot.revealed and ballot.choice is Choice.ACCEPT
            if accepted and self.verdict(ledger).outcome == Outcome.FRAUD and not ballot.slashed:
                self.slash_ballot(ledger, number)
            self.release_ballot(ledger, number)
        for number in range(self.verdict(ledger).ballot_count):
            if self.kept_silent(ledger, number):
                self.report_silent(ledger, number)

    def leave_seats(self) -> None:
        """Frees all collateral: with every ballot ended, nothing holds it."""
        for seat in list(self.view.seats.values()):
            if seat.vacated_epoch == HELD:
                self.vacate_seat(seat)
        for _ in range(VACATED_EPOCHS):
            self.world.warp_to((self.world.window + 1) * CHECKPOINT_SLOTS)
            self.take_snapshot()
        for seat in list(self.view.seats.values()):
            self.close_seat(seat)
        assert not self.view.seats

    def take_stake_out(self) -> None:
        """Returns all stake and rewards to their owners; the rest belongs to nobody."""
        self.leave_seats()
        for owner, position in list(self.view.positions.items()):
            assert position.exposed == 0
            if position.amount:
                self.request_unstake(self.by_key[owner], position.amount)
            if self.rewards_owed(owner):
                self.claim_rewards(self.by_key[owner])
        self.world.warp(self.world.parameters.staking.unbonding_slots)
        for ticket in list(self.view.tickets.values()):
            self.withdraw_stake(ticket)
        vault = staking.stake_vault_address()
        assert self.view.tokens[vault] == self.donated[vault]
        assert self.view.pool.total_staked == 0
