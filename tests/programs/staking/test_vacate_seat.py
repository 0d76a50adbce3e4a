import pytest
from solders.instruction import Instruction

from idl.client import staking
from keeper.lab.market.stakers import position, seat, stake
from tests.programs.staking.conftest import WEIGHT
from tests.world import Actor, World, unsigned


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3)


def vacate(owner: Actor, index: int = 3) -> Instruction:
    return staking.vacate_seat(owner=owner.key, seat=staking.seat_address(index))


def test_weighs_nothing_from_now_on(world: World, owner: Actor, other: Actor) -> None:
    seat(world, other, 4)
    sent = world.send(vacate(owner), signers=[owner])
    tree = world.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == WEIGHT
    left = world.fetch(staking.Seat, staking.seat_address(3))
    assert left.vacated_epoch == world.slot // world.parameters.staking.epoch_slots
    assert (position(world, owner).seat, position(world, owner).seat_vacated) == (3, 1)
    event = sent.only(staking.SeatVacated)
    assert (event.owner, event.seat, event.total_weight) == (owner.key, 3, WEIGHT)
    assert sent.units <= 10_000
    stake(world, owner, 5)
    assert world.fetch(staking.VerifierTree, staking.verifiers_address()).total == WEIGHT


def test_refuses_twice(world: World, owner: Actor) -> None:
    world.send(vacate(owner), signers=[owner])
    world.fails("NotSeated", vacate(owner), signers=[owner])


def test_refuses_anothers_seat(world: World, other: Actor) -> None:
    seat(world, other, 4)
    world.fails("WrongOwner", vacate(other), signers=[other])


def test_refuses_who_has_none(world: World, other: Actor) -> None:
    world.fails("NotSeated", vacate(other), signers=[other])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(vacate(owner), owner.key))
