from typing import Any

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from spl.token.constants import TOKEN_2022_PROGRAM_ID

from keeper.lab.keys import localnet_keypair
from neurolov_client import DEPLOYER, escrow
from tests.programs.forging import other_bump, purge
from tests.world import World, unsigned

DEPLOYER_KEY = localnet_keypair("deployer")


@pytest.fixture
def bare(world: World) -> World:
    """A world whose escrow is not configured yet."""
    purge(world, escrow.config_address())
    return world


def initialize(world: World, **changed: Any) -> Instruction:
    named: dict[str, Any] = {"mint": world.mint}
    return escrow.initialize(**(named | changed))


def test_stores_what_it_is_given(bare: World) -> None:
    sent = bare.send(initialize(bare), signers=[DEPLOYER_KEY])
    config = bare.fetch(escrow.Config, escrow.config_address())
    assert (config.mint, config.sequence) == (bare.mint, 1)
    assert set(config.fee_vaults) == {Pubkey.default()}
    event = sent.only(escrow.ConfigInitialized)
    assert (event.mint, event.envelope.sequence) == (bare.mint, 1)
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


def test_attack_16_refuses_a_token_2022_mint(bare: World) -> None:
    """The mint's extensions do not matter: fees, hooks and permanent delegates exist only there."""
    raw = bare.bank.account(bare.mint)
    assert raw is not None
    mint = Account(raw.lamports, bytes(raw.data), TOKEN_2022_PROGRAM_ID)
    bare.bank.set_account(bare.mint, mint)
    bare.fails("AccountOwnedByWrongProgram", initialize(bare), signers=[DEPLOYER_KEY])
