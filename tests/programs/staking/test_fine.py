from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, seat
from neurolov_client import SYSTEM_PROGRAM, staking
from tests.programs.forging import Caller
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import lock
from tests.programs.staking.seats import tree_of, vacating
from tests.world import Actor, World, unsigned, with_account

FINE = 30


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3, COLLATERAL)


def fining(world: World, owner: Actor, fine: int = FINE, **accounts: Any) -> Instruction:
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "destination": world.treasury,
    }
    return staking.fine(fine=fine, **(named | accounts))


def test_takes_collateral_and_weight(world: World, owner: Actor, verdict: Caller) -> None:
    (event,) = verdict.send(fining(world, owner))
    left = position(world, owner)
    assert (left.amount, left.collateral) == (STAKED - FINE, COLLATERAL - FINE)
    assert (pool(world).total_staked, pool(world).collateral) == (STAKED - FINE, COLLATERAL - FINE)
    assert tree_of(world).total == WEIGHT - FINE // 2
    assert world.tokens(world.treasury) == FINE
    assert left.catch_rate == 32_768, "silence is no miss"
    assert isinstance(event, staking.Fined)
    assert (event.owner, event.destination) == (owner.key, world.treasury)
    assert (event.amount, event.staked, event.collateral) == (
        FINE,
        STAKED - FINE,
        COLLATERAL - FINE,
    )
    assert event.total_staked == STAKED - FINE
    world.check_conserved()


def test_takes_at_most_what_no_ballot_holds(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, COLLATERAL - 7, 0))
    (event,) = verdict.send(fining(world, owner))
    assert isinstance(event, staking.Fined)
    assert event.amount == 7
    held = position(world, owner)
    assert (held.collateral, held.balloted) == (COLLATERAL - 7, COLLATERAL - 7)
    (event,) = verdict.send(fining(world, owner))
    assert isinstance(event, staking.Fined)
    assert event.amount == 0
    assert world.tokens(world.treasury) == 7
    world.check_conserved()


def test_never_touches_what_backs_leases(world: World, owner: Actor, verdict: Caller) -> None:
    (event,) = verdict.send(fining(world, owner, 2**64 - 1))
    assert isinstance(event, staking.Fined)
    assert event.amount == COLLATERAL
    held = position(world, owner)
    assert (held.amount, held.collateral) == (STAKED - COLLATERAL, 0)
    assert tree_of(world).total == 0


def test_below_half_the_minimum_a_seat_weighs_nothing(
    world: World, owner: Actor, verdict: Caller
) -> None:
    half = world.parameters.staking.min_verifier_stake // 2
    verdict.send(fining(world, owner, COLLATERAL - half))
    assert tree_of(world).total == half // 2
    verdict.send(fining(world, owner, 1))
    assert tree_of(world).total == 0


def test_a_vacated_seat_still_pays(world: World, owner: Actor, verdict: Caller) -> None:
    world.send(vacating(owner), signers=[owner])
    verdict.send(fining(world, owner))
    assert position(world, owner).collateral == COLLATERAL - FINE
    assert tree_of(world).total == 0


def test_whoever_has_no_collateral_pays_nothing(
    world: World, other: Actor, verdict: Caller
) -> None:
    (event,) = verdict.send(fining(world, other))
    assert isinstance(event, staking.Fined)
    assert (event.amount, position(world, other).amount) == (0, STAKED)


def test_refuses_every_other_caller(
    world: World, owner: Actor, registry: Caller, verdict: Caller
) -> None:
    instruction = fining(world, owner)
    registry.fails("WrongCaller", with_account(instruction, verdict.key, registry.key))
    by_wallet = with_account(instruction, verdict.key, owner.key)
    world.fails("WrongCaller", by_wallet, signers=[owner])


def test_refuses_what_is_no_token_account(world: World, owner: Actor, verdict: Caller) -> None:
    for wrong in (owner.key, world.mint):
        verdict.fails("WrongTokenAccount", fining(world, owner, destination=wrong))


def test_refuses_another_vault(world: World, owner: Actor, other: Actor, verdict: Caller) -> None:
    verdict.fails("WrongVault", fining(world, owner, stake_vault=other.tokens))


def test_attack_01_the_program_must_sign(world: World, owner: Actor, verdict: Caller) -> None:
    world.fails("AccountNotSigner", unsigned(fining(world, owner), verdict.key))


def test_attack_06_fake_token_program(world: World, owner: Actor, verdict: Caller) -> None:
    verdict.fails("InvalidProgramId", fining(world, owner, token_program=SYSTEM_PROGRAM))


def test_attack_07_the_vault_as_its_own_destination(
    world: World, owner: Actor, verdict: Caller
) -> None:
    vault = staking.stake_vault_address()
    verdict.fails("TokenDelta", fining(world, owner, destination=vault))
