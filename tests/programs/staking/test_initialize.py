from dataclasses import replace

import pytest
from solders.account import Account
from spl.token.constants import TOKEN_2022_PROGRAM_ID

from idl.client import DEPLOYER, staking
from keeper.lab.keys import localnet_keypair
from keeper.lab.market.stakers import pool
from tests.programs.forging import purge
from tests.world import World, unsigned

DEPLOYER_KEY = localnet_keypair("deployer")


@pytest.fixture
def bare(world: World) -> World:
    """A world whose pool does not exist yet."""
    purge(world, staking.pool_address(), staking.stake_vault_address())
    return world


def test_stores_what_it_is_given(bare: World) -> None:
    params = bare.parameters.staking
    authority = bare.actor("governor").key
    sent = bare.send(
        staking.initialize(params=params, authority=authority, mint=bare.mint),
        signers=[DEPLOYER_KEY],
    )
    stored = pool(bare)
    assert (stored.authority, stored.mint, stored.params) == (authority, bare.mint, params)
    assert (stored.stake_vault, stored.total_staked) == (staking.stake_vault_address(), 0)
    assert (stored.last_update, stored.sequence) == (bare.slot, 1)
    assert bare.tokens(stored.stake_vault) == 0
    event = sent.only(staking.PoolInitialized)
    assert (event.authority, event.mint, event.params) == (authority, bare.mint, params)
    assert sent.units <= 40_000


def test_refuses_anybody_but_the_deployer(bare: World) -> None:
    other = bare.actor("other")
    instruction = staking.initialize(
        params=bare.parameters.staking, authority=other.key, mint=bare.mint, deployer=other.key
    )
    bare.fails("NotDeployer", instruction, signers=[other])


def test_attack_01_the_deployer_must_sign(bare: World) -> None:
    instruction = staking.initialize(
        params=bare.parameters.staking, authority=DEPLOYER, mint=bare.mint
    )
    bare.fails("AccountNotSigner", unsigned(instruction, DEPLOYER))


def test_attack_05_initialise_twice(world: World) -> None:
    instruction = staking.initialize(
        params=world.parameters.staking, authority=DEPLOYER, mint=world.mint
    )
    world.fails("AccountAlreadyInUse", instruction, signers=[DEPLOYER_KEY])


@pytest.mark.parametrize(
    "change",
    [
        {"unbonding_slots": 0},
        {"reward_period_slots": 0},
        {"halving_slots": 0},
        {"epoch_slots": 0},
        {"min_verifier_stake": 0},
        {"slash_burn_bps": 10_001},
    ],
)
def test_refuses_parameters_out_of_range(bare: World, change: dict[str, int]) -> None:
    params = replace(bare.parameters.staking, **change)
    instruction = staking.initialize(params=params, authority=DEPLOYER, mint=bare.mint)
    bare.fails("InvalidParams", instruction, signers=[DEPLOYER_KEY])


def test_attack_16_refuses_a_token_2022_mint(bare: World) -> None:
    """The mint's extensions do not matter: fees, hooks and permanent delegates exist only there."""
    raw = bare.bank.account(bare.mint)
    assert raw is not None
    bare.bank.set_account(bare.mint, Account(raw.lamports, bytes(raw.data), TOKEN_2022_PROGRAM_ID))
    instruction = staking.initialize(
        params=bare.parameters.staking, authority=DEPLOYER, mint=bare.mint
    )
    bare.fails("AccountOwnedByWrongProgram", instruction, signers=[DEPLOYER_KEY])
