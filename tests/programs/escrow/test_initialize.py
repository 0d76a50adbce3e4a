from dataclasses import replace

import pytest
from solders.account import Account
from solders.instruction import Instruction
from spl.token.constants import TOKEN_2022_PROGRAM_ID

from idl.client import DEPLOYER, escrow
from keeper.lab.keys import localnet_keypair
from tests.programs.forging import other_bump, purge
from tests.world import World, unsigned

DEPLOYER_KEY = localnet_keypair("deployer")


@pytest.fixture
def bare(world: World) -> World:
    """A world whose escrow is not configured yet."""
    purge(world, escrow.config_address())
    return world


def initialize(world: World, **changed: object) -> Instruction:
    named = {
        "params": world.parameters.escrow,
        "authority": world.authority.key,
        "mint": world.mint,
        "treasury": world.treasury,
    }
    return escrow.initialize(**(named | changed))  # type: ignore[arg-type]


def test_stores_what_it_is_given(bare: World) -> None:
    sent = bare.send(initialize(bare), signers=[DEPLOYER_KEY])
    config = bare.fetch(escrow.Config, escrow.config_address())
    assert (config.authority, config.mint) == (bare.authority.key, bare.mint)
    assert (config.treasury, config.params) == (bare.treasury, bare.parameters.escrow)
    event = sent.only(escrow.ConfigInitialized)
    assert (event.authority, event.treasury) == (bare.authority.key, bare.treasury)
    assert (event.params, event.envelope.sequence) == (bare.parameters.escrow, 1)
    assert sent.units <= 40_000


def test_refuses_anybody_but_the_deployer(bare: World) -> None:
    other = bare.actor("other")
    bare.fails("NotDeployer", initialize(bare, deployer=other.key), signers=[other])


def test_attack_01_the_deployer_must_sign(bare: World) -> None:
    bare.fails("AccountNotSigner", unsigned(initialize(bare), DEPLOYER))


def test_attack_05_initialise_twice(world: World) -> None:
    world.fails("AccountAlreadyInUse", initialize(world), signers=[DEPLOYER_KEY])


def test_attack_08_non_canonical_bump(bare: World) -> None:
    wrong = other_bump([b"config"], escrow.ID)
    bare.fails("ConstraintSeeds", initialize(bare, config=wrong), signers=[DEPLOYER_KEY])


def test_refuses_a_treasury_that_is_no_token_account(bare: World) -> None:
    for wrong in (bare.mint, bare.authority.key):
        instruction = initialize(bare, treasury=wrong)
        bare.fails("WrongTokenAccount", instruction, signers=[DEPLOYER_KEY])


@pytest.mark.parametrize(
    "change",
    [
        {"fee_bps": 10_001},
        {"urgency_burn_bps": 10_001},
        {"stakers_bps": 5_001},
        {"treasury_bps": 2_999},
        {"burn_bps": 0},
    ],
)
def test_refuses_parameters_out_of_range(bare: World, change: dict[str, int]) -> None:
    params = replace(bare.parameters.escrow, **change)
    bare.fails("InvalidParams", initialize(bare, params=params), signers=[DEPLOYER_KEY])


def test_attack_16_refuses_a_token_2022_mint(bare: World) -> None:
    """The mint's extensions do not matter: fees, hooks and permanent delegates exist only there."""
    raw = bare.bank.account(bare.mint)
    assert raw is not None
    mint = Account(raw.lamports, bytes(raw.data), TOKEN_2022_PROGRAM_ID)
    bare.bank.set_account(bare.mint, mint)
    bare.fails("AccountOwnedByWrongProgram", initialize(bare), signers=[DEPLOYER_KEY])
