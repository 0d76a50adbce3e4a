"""The audit notices each kind of corruption by itself."""

from collections.abc import Callable

import pytest
from solders.account import Account as RawAccount
from solders.pubkey import Pubkey

from neurolov_client import Account, ProgramError, escrow, job_registry, staking
from neurolov_client.bindings.verdict import Choice
from tests.invariants.conducts import diligent
from tests.invariants.interference import Interference
from tests.invariants.ledger import JobLedger
from tests.invariants.machine import AnyOrder
from tests.invariants.tampering import add
from tests.world import NLOV

_TOKEN_AMOUNT = 64
"""The offset of the balance in a token account."""


@pytest.fixture
def economy() -> Interference:
    """One accepted job with nothing paid out yet, and one claimed job."""
    economy = Interference()
    economy.fund_rewards(NLOV)
    done = economy.post(economy.buyers[0])
    while not done.final:
        economy.advance(done, diligent(Choice.ACCEPT))
    economy.claim(economy.providers[2], economy.post(economy.buyers[0]))
    economy.audit()
    return economy


Where = Callable[[Interference, JobLedger], Pubkey]
CORRUPTIONS: dict[str, tuple[type[Account], str, Where, int]] = {
    "exposed stake that left": (
        staking.Position,
        "exposed",
        lambda economy, _: staking.position_address(economy.providers[2].key),
        -1,
    ),
    "stake from nothing": (
        staking.Position,
        "amount",
        lambda economy, _: staking.position_address(economy.saver.key),
        1,
    ),
    "an exposure that nobody counts": (
        staking.Exposure,
        "amount",
        lambda economy, ledger: staking.exposure_address(
            economy.ledgers[1].job.address, economy.providers[2].key
        ),
        1,
    ),
    "rewards from nothing": (
        staking.Position,
        "rewards_owed",
        lambda economy, _: staking.position_address(economy.saver.key),
        2 * NLOV,
    ),
    "a total that is not the sum": (
        staking.VerifierTree,
        "total",
        lambda _, __: staking.verifiers_address(),
        1,
    ),
    "a weight that is not the stake": (
        staking.VerifierTree,
        "sums",
        lambda _, __: staking.verifiers_address(),
        1,
    ),
    "a credit from nothing": (escrow.Escrow, "credited", lambda _, ledger: ledger.job.escrow, 1),
    "a payment that was not made": (
        escrow.Escrow,
        "paid",
        lambda _, ledger: ledger.job.escrow,
        1,
    ),
    "a fee from nothing": (escrow.Escrow, "fee_due", lambda _, ledger: ledger.job.escrow, 1),
    "a lease that nobody holds": (
        job_registry.Provider,
        "active",
        lambda economy, _: job_registry.provider_address(economy.providers[0].key),
        1,
    ),
    "a job that ends by itself": (
        job_registry.Job,
        "state",
        lambda economy, _: economy.ledgers[1].job.address,
        3,
    ),
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_corruption_is_noticed(economy: Interference, corruption: str) -> None:
    kind, field, where, difference = CORRUPTIONS[corruption]
    if corruption.endswith("nothing") and kind is staking.Position:
        economy.stake(economy.saver, NLOV)
        economy.audit()
    add(economy, where(economy, economy.ledgers[0]), kind.OFFSETS[field], difference)
    with pytest.raises(AssertionError):
        economy.audit()


def test_missing_tokens_are_noticed(economy: Interference) -> None:
    add(economy, staking.stake_vault_address(), _TOKEN_AMOUNT, -1)
    with pytest.raises(AssertionError):
        economy.audit()


def test_tokens_on_a_strange_account_are_noticed(economy: Interference) -> None:
    add(economy, economy.vault_of(economy.ledgers[0]), _TOKEN_AMOUNT, -1)
    add(economy, economy.thief.tokens, _TOKEN_AMOUNT, 1)
    with pytest.raises(AssertionError):
        economy.audit()


def test_tokens_from_nothing_are_noticed(economy: Interference) -> None:
    economy.world.mint_to(economy.thief, 1)
    economy.forget()
    with pytest.raises(AssertionError):
        economy.audit()


def test_a_second_payment_is_noticed(economy: Interference) -> None:
    ledger = economy.ledgers[0]
    party = next(iter(ledger.credits))
    ledger.pay(party)
    with pytest.raises(AssertionError, match="paid twice"):
        ledger.pay(party)


def test_an_ended_job_that_comes_back_is_noticed() -> None:
    machine = AnyOrder()
    ledger = machine.economy.post(machine.economy.buyers[0])
    machine.economy.cancel(ledger)
    machine.no_ended_job_comes_back()
    add(machine.economy, ledger.job.address, job_registry.Job.OFFSETS["state"], 1)
    with pytest.raises(AssertionError):
        machine.no_ended_job_comes_back()


def test_stake_that_stays_locked_is_noticed(economy: Interference) -> None:
    """Strangers cannot end this job, for lack of an exposure to forfeit."""
    exposure = staking.exposure_address(economy.ledgers[1].job.address, economy.providers[2].key)
    raw = economy.world.bank.account(exposure)
    assert raw is not None
    economy.world.bank.set_account(exposure, RawAccount(0, b"", Pubkey.default()))
    economy.forget()
    with pytest.raises(ProgramError, match="AccountOwnedByWrongProgram"):
        economy.close()
