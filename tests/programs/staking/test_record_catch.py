from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import position, seat
from neurolov_client import escrow, staking
from neurolov_client.bindings.staking import CATCH_RATE_ONE
from tests.programs.forging import Caller, copied
from tests.programs.staking.conftest import COLLATERAL, STAKED
from tests.programs.staking.exposures import exposure, lock, slash, unlock
from tests.programs.staking.seats import closing
from tests.world import Actor, World, unsigned

HALF = CATCH_RATE_ONE // 2
CAUGHT = HALF + HALF // 16


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3, COLLATERAL)


def catch(job: Pubkey, owner: Actor, authority: Pubkey, **accounts: Pubkey) -> Instruction:
    """Records that `owner` caught a fraud in the job."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(job, owner.key),
    }
    return staking.record_catch(authority=authority, **(named | accounts))


def total_weight(world: World) -> int:
    return world.fetch(staking.VerifierTree, staking.verifiers_address()).total


def test_gains_a_sixteenth_of_what_it_lacks(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    (event,) = verdict.send(catch(job, owner, verdict.key))
    weight = COLLATERAL * CAUGHT // CATCH_RATE_ONE
    assert position(world, owner).catch_rate == CAUGHT
    assert total_weight(world) == weight
    assert isinstance(event, staking.CatchRecorded)
    assert (event.job, event.owner) == (job, owner.key)
    assert (event.catch_rate, event.weight) == (CAUGHT, weight)
    assert (exposure(world, job, owner).caught, position(world, owner).exposed) == (1, 320)


def test_in_a_vacated_seat_it_waits_for_another(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    leaving = staking.vacate_seat(owner=owner.key, seat=staking.seat_address(3))
    world.send(leaving, signers=[owner])
    (event,) = verdict.send(catch(job, owner, verdict.key))
    assert isinstance(event, staking.CatchRecorded)
    assert (event.weight, total_weight(world)) == (0, 0)
    verdict.send(unlock(job, owner, verdict.key, close=True))
    world.stand()
    world.send(closing(owner))
    seat(world, owner, 5, COLLATERAL)
    assert total_weight(world) == COLLATERAL * CAUGHT // CATCH_RATE_ONE


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(caught=st.lists(st.booleans(), max_size=12))
def test_the_rate_is_the_formula(caught: list[bool]) -> None:
    world = World.fresh()
    owner, verdict, rate = world.actor("owner", tokens=STAKED), Caller(world, "verdict"), HALF
    world.send(
        staking.open_position(owner=owner.key),
        staking.stake(amount=STAKED, owner=owner.key, source=owner.tokens),
        staking.take_seat(index=3, collateral=STAKED, owner=owner.key),
        signers=[owner],
    )
    for number, right in enumerate(caught):
        job = Pubkey(bytes([number + 1]) * 32)
        verdict.send(lock(job, owner, verdict.key, 1, 0))
        if right:
            verdict.send(catch(job, owner, verdict.key))
            rate += (CATCH_RATE_ONE - rate) // 16
        else:
            verdict.send(slash(world, job, owner, 1, world.treasury))
            rate //= 4
    staked = position(world, owner)
    assert staked.catch_rate == rate
    assert staked.collateral == staked.amount == STAKED - caught.count(False)
    assert total_weight(world) == staked.amount * rate // CATCH_RATE_ONE


def test_counts_once(owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    verdict.send(catch(job, owner, verdict.key))
    verdict.fails("AlreadyCaught", catch(job, owner, verdict.key))


def test_whoever_was_slashed_caught_nothing(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    verdict.send(slash(world, job, owner, 1, world.treasury))
    verdict.fails("AlreadySlashed", catch(job, owner, verdict.key))


def test_refuses_a_released_one(owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    verdict.send(unlock(job, owner, verdict.key, close=False))
    verdict.fails("AlreadyReleased", catch(job, owner, verdict.key))


def test_refuses_an_exposure_of_a_lease(
    owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, 300, 20))
    verdict.fails("WrongCaller", catch(job, owner, verdict.key))


def test_refuses_every_other_caller(
    world: World, owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    registry.fails("WrongCaller", catch(job, owner, registry.key))
    world.fails("WrongCaller", catch(job, owner, owner.key), signers=[owner])


def test_attack_01_the_program_must_sign(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    instruction = catch(job, owner, verdict.key)
    world.fails("AccountNotSigner", unsigned(instruction, verdict.key))


def test_attack_03_tree_of_another_program(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    fake = copied(world, staking.verifiers_address(), owner=escrow.ID)
    instruction = catch(job, owner, verdict.key, verifiers=fake)
    verdict.fails("AccountOwnedByWrongProgram", instruction)


def test_refuses_anothers_position(
    owner: Actor, other: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 300, 20))
    wrong = staking.position_address(other.key)
    verdict.fails("WrongExposure", catch(job, owner, verdict.key, position=wrong))
