"""The checks that must hold between any two steps."""

from collections import Counter
from collections.abc import Mapping

from solders.pubkey import Pubkey

from neurolov_client import staking
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.staking import NO_SEAT, ExposureState
from neurolov_client.bindings.verdict import State
from tests.invariants.book import Book
from tests.invariants.governance import Governance
from tests.invariants.ledger import JobLedger
from tests.invariants.market import ENDED
from tests.invariants.payout import PayoutSteps
from tests.invariants.stake import StakeSteps
from tests.invariants.view import View, seat_weights


class Books(StakeSteps, PayoutSteps, Governance):
    """The whole economy, with the checks that an auditor would make."""

    def audit(self) -> None:
        """Asserts everything that must hold now."""
        check_tokens(self.view, self.book)
        check_positions(self.view)
        self.check_budgets()
        check_stake_vault(self.view, self.donated[staking.stake_vault_address()])
        check_seats(self.view)
        check_jobs(self.view, self.ledgers)
        self.check_rewards()
        for ledger in self.ledgers:
            self.check_escrow(ledger)

    def check_budgets(self) -> None:
        """What an operator lost is off its budget, so a stolen key loses no more than that."""
        for owner, position in self.view.positions.items():
            assert position.operator_budget == self.budgets.get(owner, 0)

    def check_rewards(self) -> None:
        """No more is paid than was funded, and the rewards owed are in the vault."""
        assert self.rewarded <= self.funded
        owed = sum(map(self.rewards_owed, self.view.positions))
        assert owed + self.rewarded <= self.funded
        assert owed <= self.view.tokens[staking.reward_vault_address()]

    def check_escrow(self, ledger: JobLedger) -> None:
        """The vault covers what it owes, and the chain owes what the ledger says."""
        found = self.view.escrows.get(ledger.job.address)
        assert (found is None) == ledger.escrow_closed
        assert sum(ledger.paid.values()) + ledger.fee <= ledger.covered
        if found is None:
            assert ledger.outstanding == 0
            return
        credits = found.credits[: found.credit_count]
        assert {each.party: each.amount for each in credits} == ledger.credits
        assert len(credits) == len(ledger.credits), "a party has two credits"
        assert {each.party for each in credits if each.paid} == set(ledger.paid)
        assert (found.fee, found.fee_due) == (ledger.fee, ledger.fee_due)
        assert found.credited == sum(ledger.credits.values())
        assert found.paid == sum(ledger.paid.values())
        assert found.credited + found.fee <= ledger.covered
        assert bool(found.state) == ledger.final
        assert self.view.tokens[found.vault] >= ledger.outstanding


def check_tokens(view: View, book: Book) -> None:
    """Every token account holds what the steps moved there, and no other tokens exist."""
    assert view.tokens == book.balances
    assert sum(view.tokens.values()) == view.supply == book.supply


def check_positions(view: View) -> None:
    """Exposed stake is present, and each exposure is counted once."""
    locked, unbonding = Counter[Pubkey](), Counter[Pubkey]()
    balloted, operated = Counter[Pubkey](), Counter[Pubkey]()
    for exposure in view.exposures.values():
        if exposure.state != ExposureState.LOCKED:
            continue
        held = exposure.amount + exposure.bond
        locked[exposure.owner] += held
        if exposure.ballot:
            balloted[exposure.owner] += held
        if exposure.by_operator:
            operated[exposure.owner] += held
    for ticket in view.tickets.values():
        unbonding[ticket.owner] += ticket.amount
    for owner, position in view.positions.items():
        assert position.exposed == locked[owner]
        assert position.exposed <= position.amount, "stake under exposure has left"
        assert position.balloted == balloted[owner] <= position.collateral
        leased = position.exposed - position.balloted
        assert position.collateral + leased <= position.amount, "collateral backs a lease"
        assert position.operator_exposed == operated[owner]
        assert (position.seat == NO_SEAT) <= (position.collateral == 0)
        assert position.unbonding == unbonding[owner]
    staked = sum(position.amount for position in view.positions.values())
    assert view.pool.total_staked == staked
    bound = sum(position.collateral for position in view.positions.values())
    assert view.pool.collateral == bound


def check_stake_vault(view: View, donated: int) -> None:
    """The vault holds all that is staked or being unstaked."""
    owed = view.pool.total_staked + sum(ticket.amount for ticket in view.tickets.values())
    assert view.tokens[staking.stake_vault_address()] == owed + donated


def check_seats(view: View) -> None:
    """The tree weighs each held seat by its owner's collateral and catch rate.

    A seat below half of the minimum weighs nothing.
    """
    expected = [0] * len(view.tree.sums)
    for position in view.positions.values():
        if view.seated(position.owner):
            assert view.seats[position.seat].owner == position.owner
            enough = 2 * position.collateral >= view.pool.params.min_verifier_stake
            weight = position.collateral * position.catch_rate >> 16
            expected[position.seat] = weight if enough else 0
    assert seat_weights(view.tree.sums) == expected
    assert view.tree.total == sum(expected)


def check_jobs(view: View, ledgers: list[JobLedger]) -> None:
    """Jobs, verdicts, escrows and providers agree on which jobs have ended."""
    leases = Counter[Pubkey]()
    for ledger in ledgers:
        job = view.jobs.get(ledger.job.address)
        assert (job is None) == ledger.closed
        if job is None:
            continue
        assert (job.state in ENDED) == ledger.final
        assert job.progress == (ledger.stages[-1].last if ledger.stages else 0)
        if job.state == JobState.CLAIMED:
            leases[job.lease.provider] += 1
        verdict = view.verdicts.get(ledger.job.address)
        if verdict is not None:
            judged = verdict.state == State.SETTLED
            assert judged == (job.state in {JobState.SETTLED, JobState.VOIDED})
            assert verdict.stage_count == len(ledger.stages)
    assert {owner: each.active for owner, each in view.providers.items() if each.active} == leases


def ended_states(view: View) -> Mapping[Pubkey, int]:
    """Returns the final state of every job that has ended, which can never change again."""
    return {address: job.state for address, job in view.jobs.items() if job.state in ENDED}
