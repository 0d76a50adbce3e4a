from dataclasses import replace
from typing import Any

import pytest
from solders.account import Account
from solders.instruction import Instruction
from spl.token.constants import TOKEN_2022_PROGRAM_ID

from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import pool
from neurolov_client import DEPLOYER, staking
from neurolov_client.bindings.staking import TermsState
from tests.programs.forging import other_bump, purge
from tests.world import World, unsigned
from tests.world.governing import terms_numbered

DEPLOYER_KEY = localnet_keypair("deployer")
FIRST = staking.terms_address(0)


@pytest.fixture
def bare(world: World) -> World:
    """A world whose pool and terms do not exist yet."""
    purge(world, staking.pool_address(), staking.stake_vault_address(), FIRST)
    return world


def initialize(world: World, **changed: Any) -> Instruction:
    named: dict[str, Any] = {
        "parameters": world.parameters,
        "checkpoint_slots": CHECKPOINT_SLOTS,
        "authority": DEPLOYER,
        "mint": world.mint,
        "first_terms": FIRST,
        "treasury": world.treasury,
    }
    return staking.initialize(**(named | changed))


def test_stores_what_it_is_given(bare: World) -> None:
    authority = bare.actor("governor").key
    sent = bare.send(initialize(bare, authority=authority), signers=[DEPLOYER_KEY])
    stored = pool(bare)
    assert (stored.authority, stored.mint) == (authority, bare.mint)
    assert (stored.params, stored.terms) == (bare.parameters.staking, 0)
    assert (stored.stake_vault, stored.total_staked) == (staking.stake_vault_address(), 0)
    assert (stored.last_update, stored.sequence) == (bare.slot, 1)
    assert (stored.checkpoint_slots, stored.collateral) == (CHECKPOINT_SLOTS, 0)
    assert bare.tokens(stored.stake_vault) == 0
    terms = terms_numbered(bare, 0)
    assert (terms.parameters, terms.treasury) == (bare.parameters, bare.treasury)
    assert (terms.version, terms.state) == (0, TermsState.CURRENT)
    assert terms.checkpoint_slots == CHECKPOINT_SLOTS
    event = sent.only(staking.PoolInitialized)
    assert (event.authority, event.mint) == (authority, bare.mint)
    assert (event.parameters, event.treasury) == (bare.parameters, bare.treasury)
    assert event.checkpoint_slots == CHECKPOINT_SLOTS
    assert sent.units <= 60_000


def test_refuses_anybody_but_the_deployer(bare: World) -> None:
    other = bare.actor("other")
    instruction = initialize(bare, authority=other.key, deployer=other.key)
    bare.fails("NotDeployer", instruction, signers=[other])


def test_attack_01_the_deployer_must_sign(bare: World) -> None:
    bare.fails("AccountNotSigner", unsigned(initialize(bare), DEPLOYER))


def test_attack_05_initialise_twice(world: World) -> None:
    world.fails("AccountAlreadyInUse", initialize(world), signers=[DEPLOYER_KEY])


def test_attack_08_non_canonical_bump(bare: World) -> None:
    wrong = other_bump([b"terms", bytes(2)], staking.ID)
    bare.fails("ConstraintSeeds", initialize(bare, first_terms=wrong), signers=[DEPLOYER_KEY])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"unbonding_slots": 15}, "OutOfBounds"),
        ({"reward_period_slots": 0}, "OutOfBounds"),
        ({"halving_slots": 0}, "OutOfBounds"),
        ({"min_verifier_stake": 0}, "OutOfBounds"),
        ({"slash_burn_bps": 10_001}, "OutOfBounds"),
        ({"slash_burn_bps": 0}, "OutOfBounds"),
        ({"slash_burn_bps": 4_933}, "CollusionTooHigh"),
    ],
)
def test_refuses_parameters_out_of_range(bare: World, change: dict[str, int], error: str) -> None:
    params = replace(bare.parameters.staking, **change)
    instruction = initialize(bare, parameters=replace(bare.parameters, staking=params))
    bare.fails(error, instruction, signers=[DEPLOYER_KEY])


@pytest.mark.parametrize(("slots", "error"), [(0, "InvalidParams"), (59, "WindowsTooLong")])
def test_refuses_windows_that_are_too_short(bare: World, slots: int, error: str) -> None:
    """Localnet's claim window of 300 slots may reach back five windows: at least 60 slots each."""
    instruction = initialize(bare, checkpoint_slots=slots)
    bare.fails(error, instruction, signers=[DEPLOYER_KEY])
    bare.send(initialize(bare, checkpoint_slots=60), signers=[DEPLOYER_KEY])


def test_refuses_a_treasury_that_is_no_token_account(bare: World) -> None:
    for wrong, error in (
        (bare.mint, "InvalidAccountData"),
        (bare.authority.key, "AccountOwnedByWrongProgram"),
    ):
        bare.fails(error, initialize(bare, treasury=wrong), signers=[DEPLOYER_KEY])


def test_attack_16_refuses_a_token_2022_mint(bare: World) -> None:
    """The mint's extensions do not matter: fees, hooks and permanent delegates exist only there."""
    raw = bare.bank.account(bare.mint)
    assert raw is not None
    bare.bank.set_account(bare.mint, Account(raw.lamports, bytes(raw.data), TOKEN_2022_PROGRAM_ID))
    bare.fails("AccountOwnedByWrongProgram", initialize(bare), signers=[DEPLOYER_KEY])
