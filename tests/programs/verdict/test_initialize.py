from collections.abc import Mapping
from dataclasses import replace

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

from idl.client import DEPLOYER, job_registry, staking, verdict
from keeper.lab.keys import localnet_keypair
from tests.world import NLOV, World

CONFIG = verdict.config_address()
DEPLOYER_KEY = localnet_keypair("deployer")


def initialize(
    world: World, changes: Mapping[str, int] | None = None, *, deployer: Pubkey = DEPLOYER
) -> Instruction:
    values = {
        "salt_slots": 1,
        "ballot_slots": 2,
        "reveal_slots": 3,
        "challenge_slots": 4,
        "public_slots": 5,
        "ballot_exposure": NLOV,
        "silence_fee": 7,
        "proof_slots": 6,
        "answer_slots": 7,
        "p_floor_bps": 1_000,
        "collusion_bps": 2_500,
        "lazy_bps": 8,
        "bounty_bps": 9,
        "trap_slots": 10,
        "trap_rate_bps": 100,
        "check_cost": NLOV // 250,
    }
    params = verdict.Params(**{**values, **(changes or {})})
    return verdict.initialize(authority=world.authority.key, params=params, deployer=deployer)


@pytest.fixture
def bare(world: World) -> World:
    """A world whose verdict program is not initialised."""
    world.bank.set_account(CONFIG, Account(0, b"", SYSTEM_PROGRAM))
    return world


def test_the_deployer_sets_authority_and_parameters(bare: World) -> None:
    sent = bare.send(initialize(bare, {"silence_fee": 9}), signers=[DEPLOYER_KEY])
    config = bare.fetch(verdict.Config, CONFIG)
    assert config.authority == bare.authority.key
    assert (config.params.salt_slots, config.params.silence_fee) == (1, 9)
    event = sent.only(verdict.Initialized)
    assert isinstance(event, verdict.Initialized)
    assert (event.params, event.envelope.sequence) == (config.params, 1)


def test_nobody_else_initializes(bare: World) -> None:
    mallory = bare.actor("mallory")
    bare.fails("Unauthorized", initialize(bare, deployer=mallory.key), signers=[mallory])


def test_attack_5_initialising_twice_is_refused(world: World) -> None:
    world.fails("AccountAlreadyInUse", initialize(world), signers=[DEPLOYER_KEY])


@pytest.mark.parametrize(
    "broken",
    [
        {"salt_slots": 0},
        {"ballot_slots": 0},
        {"reveal_slots": 0},
        {"challenge_slots": 0},
        {"public_slots": 0},
        {"proof_slots": 0},
        {"answer_slots": 3},
        {"answer_slots": 401},
        {"p_floor_bps": 0},
        {"p_floor_bps": 10_001},
        {"collusion_bps": 10_001},
        {"lazy_bps": 10_001},
        {"bounty_bps": 10_001},
        {"trap_slots": 0},
        {"trap_rate_bps": 10_001},
    ],
)
def test_parameters_out_of_range_are_refused(bare: World, broken: dict[str, int]) -> None:
    bare.fails("InvalidParams", initialize(bare, broken), signers=[DEPLOYER_KEY])


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ({"p_floor_bps": 740}, "FloorTooLow"),
        ({"collusion_bps": 2_593}, "CollusionTooHigh"),
        ({"lazy_bps": 124}, "LazinessTooHigh"),
        ({"trap_rate_bps": 80}, "TrapsTooWeak"),
        ({"check_cost": NLOV // 200}, "TrapsTooWeak"),
        ({"ballot_exposure": NLOV * 4 // 5}, "TrapsTooWeak"),
    ],
)
def test_attack_parameters_under_which_cheating_pays_are_refused(
    bare: World, broken: dict[str, int], error: str
) -> None:
    bare.fails(error, initialize(bare, broken), signers=[DEPLOYER_KEY])


def test_attack_where_nothing_is_lost_no_sampling_deters(bare: World) -> None:
    certain = {"p_floor_bps": 10_000, "collusion_bps": 0, "lazy_bps": 0}
    free = replace(bare.parameters.staking, slash_burn_bps=0)
    bare.send(
        staking.set_params(params=free, authority=bare.authority.key), signers=[bare.authority]
    )
    refusal = bare.fails("StakeTooLow", initialize(bare, certain), signers=[DEPLOYER_KEY])
    assert "slash_burn_bps or kappa" in str(refusal)
    weak = replace(bare.parameters.job_registry, kappa=1)
    bare.send(
        job_registry.set_params(params=weak, authority=bare.authority.key), signers=[bare.authority]
    )
    bare.send(
        staking.set_params(params=bare.parameters.staking, authority=bare.authority.key),
        signers=[bare.authority],
    )
    bare.send(initialize(bare, certain), signers=[DEPLOYER_KEY])
