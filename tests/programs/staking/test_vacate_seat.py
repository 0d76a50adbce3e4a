import pytest
from solders.instruction import Instruction

from keeper.lab.market.stakers import pool, position, seat, stake
from neurolov_client import staking
from neurolov_client.bindings.staking import Tenure
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.world import Actor, World, unsigned


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3, COLLATERAL)


def vacate(owner: Actor, index: int = 3) -> Instruction:
    return staking.vacate_seat(owner=owner.key, seat=staking.seat_address(index))


def test_weighs_nothing_from_now_on(world: World, owner: Actor, other: Actor) -> None:
    seat(world, other, 4, COLLATERAL)
    sent = world.send(vacate(owner), signers=[owner])
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == WEIGHT
    left = world.fetch(staking.Seat, staking.seat_address(3))
    assert left.vacated_epoch == world.window
    held = position(world, owner)
    assert (held.seat, held.tenure) == (3, Tenure.VACATED)
    assert (held.collateral, pool(world).collateral) == (COLLATERAL, 2 * COLLATERAL)
    event = sent.only(staking.SeatVacated)
    assert (event.owner, event.seat, event.total_weight) == (owner.key, 3, WEIGHT)
    assert sent.units <= 10_000
    stake(world, owner, 5)
    assert world.fetch(staking.VerifierTree, staking.verifiers_address()).total == WEIGHT


def test_the_collateral_stays_bound(world: World, owner: Actor) -> None:
    world.send(vacate(owner), signers=[owner])
    leaving = staking.request_unstake(
        amount=STAKED - COLLATERAL + 1,
        owner=owner.key,
        ticket=staking.ticket_address(owner.key, 0),
    )
    world.fails("InsufficientFreeStake", leaving, signers=[owner])


def test_refuses_twice(world: World, owner: Actor) -> None:
    world.send(vacate(owner), signers=[owner])
    world.fails("NotSeated", vacate(owner), signers=[owner])


def test_refuses_anothers_seat(world: World, other: Actor) -> None:
    seat(world, other, 4, COLLATERAL)
    world.fails("WrongOwner", vacate(other), signers=[other])


def test_refuses_who_has_none(world: World, other: Actor) -> None:
    world.fails("NotSeated", vacate(other), signers=[other])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(vacate(owner), owner.key))
