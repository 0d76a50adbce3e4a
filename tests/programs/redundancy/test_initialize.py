from collections.abc import Mapping
from dataclasses import replace

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from idl.client import DEPLOYER, SYSTEM_PROGRAM, redundancy
from keeper.lab.keys import localnet_keypair
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from tests.world import World

CONFIG = redundancy.config_address()
DEPLOYER_KEY = localnet_keypair("deployer")
PARAMS = LOCALNET_PARAMETERS.redundancy
BROKEN = [
    {"join_slots": 0},
    {"run_slots": 0},
    {"reveal_slots": 0},
    {"compare_slots": 0},
    {"claim_max_delay_slots": PARAMS.join_slots},
    {"bond_bps": 0},
    {"bond_bps": 10_001},
]


def initialize(
    world: World, changes: Mapping[str, int] | None = None, *, deployer: Pubkey = DEPLOYER
) -> Instruction:
    return redundancy.initialize(
        params=replace(PARAMS, **(changes or {})), authority=world.authority.key, deployer=deployer
    )


@pytest.fixture
def bare(world: World) -> World:
    """A world whose redundancy program is not initialised."""
    world.bank.set_account(CONFIG, Account(0, b"", SYSTEM_PROGRAM))
    return world


def test_the_deployer_sets_authority_and_parameters(bare: World) -> None:
    sent = bare.send(initialize(bare, {"run_slots": 7}), signers=[DEPLOYER_KEY])
    config = bare.fetch(redundancy.Config, CONFIG)
    assert config.authority == bare.authority.key
    assert config.params == replace(PARAMS, run_slots=7)
    event = sent.only(redundancy.Initialized)
    assert (event.params, event.envelope.sequence) == (config.params, 1)


def test_nobody_else_initializes(bare: World) -> None:
    mallory = bare.actor("mallory")
    bare.fails("Unauthorized", initialize(bare, deployer=mallory.key), signers=[mallory])


def test_attack_05_initialising_twice(world: World) -> None:
    world.fails("AccountAlreadyInUse", initialize(world), signers=[DEPLOYER_KEY])


@pytest.mark.parametrize("broken", BROKEN)
def test_parameters_out_of_range_are_refused(bare: World, broken: dict[str, int]) -> None:
    bare.fails("InvalidParams", initialize(bare, broken), signers=[DEPLOYER_KEY])
