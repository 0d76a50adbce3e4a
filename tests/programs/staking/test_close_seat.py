import pytest
from solders.instruction import Instruction

from idl.client import staking
from idl.client.bindings.staking import NO_SEAT
from keeper.lab.market.stakers import position, seat, snapshot
from tests.world import Actor, World, unsigned

EVEN, ODD = staking.snapshot_address(0), staking.snapshot_address(1)


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3)


def vacate(world: World, owner: Actor) -> None:
    instruction = staking.vacate_seat(owner=owner.key, seat=staking.seat_address(3))
    world.send(instruction, signers=[owner])


def close(owner: Actor) -> Instruction:
    return staking.close_seat(
        owner=owner.key, seat=staking.seat_address(3), even_snapshot=EVEN, odd_snapshot=ODD
    )


def to_epoch(world: World, epoch: int) -> None:
    world.warp_to(epoch * world.parameters.staking.epoch_slots)


def vacated_epoch(world: World) -> int:
    return world.fetch(staking.Seat, staking.seat_address(3)).vacated_epoch


def test_frees_the_seat_two_epochs_on(world: World, owner: Actor, other: Actor) -> None:
    vacate(world, owner)
    to_epoch(world, vacated_epoch(world) + 2)
    sent = world.send(close(owner), signers=[owner])
    assert not world.exists(staking.seat_address(3))
    assert (position(world, owner).seat, position(world, owner).seat_vacated) == (NO_SEAT, 0)
    event = sent.only(staking.SeatClosed)
    assert (event.owner, event.seat) == (owner.key, 3)
    assert sent.units <= 10_000
    seat(world, other, 3)
    seat(world, owner, 5)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_attack_21_the_exact_slot(world: World, owner: Actor, offset: int) -> None:
    vacate(world, owner)
    world.warp_to((vacated_epoch(world) + 2) * world.parameters.staking.epoch_slots + offset)
    if offset < 0:
        world.fails("SeatStillDrawable", close(owner), signers=[owner])
    else:
        world.send(close(owner), signers=[owner])


def test_waits_until_no_snapshot_shows_it(world: World, owner: Actor) -> None:
    """Epochs alone do not free it: a stale snapshot would draw the next owner by its weight."""
    snapshot(world)
    taken = world.slot // world.parameters.staking.epoch_slots
    vacate(world, owner)
    to_epoch(world, taken + 5)
    world.fails("SeatStillDrawable", close(owner), signers=[owner])
    to_epoch(world, taken + 6)
    snapshot(world)
    world.send(close(owner), signers=[owner])


def test_refuses_a_seat_that_is_held(world: World, owner: Actor) -> None:
    world.fails("SeatStillDrawable", close(owner), signers=[owner])


def test_refuses_snapshots_of_one_parity(world: World, owner: Actor) -> None:
    vacate(world, owner)
    to_epoch(world, vacated_epoch(world) + 2)
    for even, odd in ((EVEN, EVEN), (ODD, ODD)):
        instruction = staking.close_seat(
            owner=owner.key, seat=staking.seat_address(3), even_snapshot=even, odd_snapshot=odd
        )
        world.fails("WrongSnapshot", instruction, signers=[owner])


def test_refuses_anothers_seat(world: World, owner: Actor, other: Actor) -> None:
    vacate(world, owner)
    to_epoch(world, vacated_epoch(world) + 2)
    world.fails("WrongOwner", close(other), signers=[other])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor) -> None:
    vacate(world, owner)
    to_epoch(world, vacated_epoch(world) + 2)
    world.fails("AccountNotSigner", unsigned(close(owner), owner.key))
