from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, seat
from neurolov_client import escrow, staking
from tests.programs.forging import Caller, copied, fill_seats
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import lock
from tests.programs.staking.seats import displacing, tree_of, vacating
from tests.world import NLOV, Actor, World, unsigned


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3, COLLATERAL)


def adding(owner: Actor, amount: int = 100 * NLOV, **accounts: Any) -> Instruction:
    return staking.add_collateral(amount=amount, owner=owner.key, **accounts)


def test_binds_more_and_weighs_more(world: World, owner: Actor) -> None:
    sent = world.send(adding(owner), signers=[owner])
    held = position(world, owner)
    assert (held.amount, held.collateral) == (STAKED, COLLATERAL + 100 * NLOV)
    assert pool(world).collateral == COLLATERAL + 100 * NLOV
    assert tree_of(world).total == WEIGHT + 50 * NLOV
    event = sent.only(staking.CollateralAdded)
    assert (event.owner, event.seat, event.amount) == (owner.key, 3, 100 * NLOV)
    assert event.collateral == COLLATERAL + 100 * NLOV
    assert (event.weight, event.total_weight) == (WEIGHT + 50 * NLOV,) * 2
    assert sent.units <= 15_000


def test_stops_backing_leases_from_the_next_window_on(world: World, owner: Actor) -> None:
    world.stand()
    window = world.window
    world.send(adding(owner), signers=[owner])
    latest = pool(world).lease_history.ring[0]
    assert (latest.window, latest.amount) == (window, STAKED - COLLATERAL)


def test_refuses_more_than_is_free(
    world: World, owner: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, 100 * NLOV, 0))
    free = STAKED - COLLATERAL - 100 * NLOV
    world.fails("InsufficientFreeStake", adding(owner, free + 1), signers=[owner])
    world.send(adding(owner, free), signers=[owner])


def test_refuses_nothing(world: World, owner: Actor) -> None:
    world.fails("ZeroAmount", adding(owner, 0), signers=[owner])


def test_attack_11_the_largest_amount(world: World, owner: Actor) -> None:
    world.fails("InsufficientFreeStake", adding(owner, 2**64 - 1), signers=[owner])


def test_refuses_whoever_has_no_seat(world: World, owner: Actor, other: Actor) -> None:
    world.fails("NotSeated", adding(other), signers=[other])
    world.send(vacating(owner), signers=[owner])
    world.fails("NotSeated", adding(owner), signers=[owner])


def test_refuses_the_heir_of_a_seat(world: World, owner: Actor, other: Actor) -> None:
    fill_seats(world)
    world.send(displacing(other, owner, COLLATERAL * 5 // 4), signers=[other])
    world.fails("NotSeated", adding(other), signers=[other])


def test_refuses_anothers_position(world: World, owner: Actor, other: Actor) -> None:
    attempt = adding(other, position=staking.position_address(owner.key))
    world.fails("WrongOwner", attempt, signers=[other])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(adding(owner), owner.key))


def test_attack_03_tree_of_another_program(world: World, owner: Actor) -> None:
    fake = copied(world, staking.verifiers_address(), owner=escrow.ID)
    world.fails("AccountOwnedByWrongProgram", adding(owner, verifiers=fake), signers=[owner])
