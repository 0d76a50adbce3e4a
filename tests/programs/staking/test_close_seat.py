import pytest
from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import pool, position, seat, snapshot
from neurolov_client import staking
from neurolov_client.bindings.staking import HELD, NO_SEAT, Tenure
from tests.programs.forging import Caller, fill_seats
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import lock, unlock
from tests.programs.staking.seats import (
    EVEN,
    ODD,
    closing,
    displacing,
    seat_of,
    tree_of,
    vacating,
)
from tests.world import NLOV, Actor, World


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3, COLLATERAL)


def to_epoch(world: World, epoch: int) -> None:
    world.warp_to(epoch * CHECKPOINT_SLOTS)


def vacated(world: World, owner: Actor) -> None:
    """The owner's seat is vacated and can be closed."""
    world.send(vacating(owner), signers=[owner])
    to_epoch(world, seat_of(world).vacated_epoch + 2)


def test_frees_the_seat_two_epochs_on(world: World, owner: Actor, other: Actor) -> None:
    vacated(world, owner)
    address = staking.seat_address(3)
    lamports = world.bank.balance(owner.key) + world.bank.balance(address)
    sent = world.send(closing(owner))
    assert not world.exists(address)
    assert world.bank.balance(owner.key) == lamports
    left = position(world, owner)
    assert (left.seat, left.tenure, left.collateral) == (NO_SEAT, Tenure.HELD, 0)
    assert (left.amount, pool(world).collateral, tree_of(world).seats) == (STAKED, 0, 0)
    event = sent.only(staking.SeatClosed)
    assert (event.owner, event.seat, event.freed) == (owner.key, 3, COLLATERAL)
    assert sent.units <= 15_000
    seat(world, other, 3, COLLATERAL)
    seat(world, owner, 5, COLLATERAL)


def test_the_freed_collateral_can_leave(world: World, owner: Actor) -> None:
    vacated(world, owner)
    leaving = staking.request_unstake(
        amount=STAKED, owner=owner.key, ticket=staking.ticket_address(owner.key, 0)
    )
    world.fails("InsufficientFreeStake", leaving, signers=[owner])
    world.send(closing(owner))
    world.send(leaving, signers=[owner])
    assert position(world, owner).amount == 0


def test_the_heir_takes_it_over_at_once(world: World, owner: Actor, other: Actor) -> None:
    fill_seats(world)
    world.send(displacing(other, owner, COLLATERAL * 5 // 4), signers=[other])
    rent = seat_of(world).heir_rent
    to_epoch(world, seat_of(world).vacated_epoch + 2)
    before = tree_of(world).total
    lamports, theirs = world.bank.balance(owner.key), world.bank.balance(other.key)
    sent = world.send(closing(owner, heir=staking.position_address(other.key)))
    taken, heir = seat_of(world), position(world, other)
    assert (taken.owner, taken.heir, taken.heir_rent) == (other.key, Pubkey.default(), 0)
    assert (taken.taken_epoch, taken.vacated_epoch, taken.bid_weight) == (world.window, HELD, 0)
    assert (heir.seat, heir.tenure, heir.collateral) == (3, Tenure.HELD, COLLATERAL * 5 // 4)
    assert (position(world, owner).seat, position(world, owner).collateral) == (NO_SEAT, 0)
    assert tree_of(world).total == before + WEIGHT * 5 // 4
    assert tree_of(world).seats == 1_024
    assert world.bank.balance(owner.key) == lamports + rent
    assert world.bank.balance(other.key) == theirs
    assert sent.only(staking.SeatClosed).freed == COLLATERAL
    event = sent.only(staking.SeatTaken)
    assert (event.owner, event.seat, event.collateral) == (other.key, 3, COLLATERAL * 5 // 4)
    assert (event.weight, event.total_weight) == (WEIGHT * 5 // 4, before + WEIGHT * 5 // 4)
    world.send(vacating(other), signers=[other])


def test_refuses_to_leave_out_the_heir(world: World, owner: Actor, other: Actor) -> None:
    fill_seats(world)
    third = world.actor("third", tokens=STAKED)
    world.send(
        staking.open_position(owner=third.key),
        staking.stake(amount=STAKED, owner=third.key, source=third.tokens),
        signers=[third],
    )
    world.send(displacing(other, owner, 500 * NLOV), signers=[other])
    to_epoch(world, seat_of(world).vacated_epoch + 2)
    world.fails("WrongHeir", closing(owner))
    world.fails("WrongHeir", closing(owner, heir=staking.position_address(third.key)))
    world.send(closing(owner, heir=staking.position_address(other.key)))


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_attack_21_the_exact_slot(world: World, owner: Actor, offset: int) -> None:
    world.send(vacating(owner), signers=[owner])
    world.warp_to((seat_of(world).vacated_epoch + 2) * CHECKPOINT_SLOTS + offset)
    if offset < 0:
        world.fails("SeatStillDrawable", closing(owner))
    else:
        world.send(closing(owner))
        assert position(world, owner).collateral == 0


def test_waits_until_no_snapshot_shows_it(world: World, owner: Actor) -> None:
    """Epochs alone do not free it: a stale snapshot would draw the next owner by its weight."""
    snapshot(world)
    taken = world.window
    world.send(vacating(owner), signers=[owner])
    to_epoch(world, taken + 5)
    world.fails("SeatStillDrawable", closing(owner))
    to_epoch(world, taken + 6)
    snapshot(world)
    world.send(closing(owner))


def test_waits_until_no_ballot_holds_the_collateral(
    world: World, owner: Actor, verdict: Caller, job: Pubkey
) -> None:
    verdict.send(lock(job, owner, verdict.key, 1, 0))
    vacated(world, owner)
    world.fails("BallotsOpen", closing(owner))
    verdict.send(unlock(job, owner, verdict.key, close=True))
    world.send(closing(owner))


def test_refuses_a_seat_that_is_held(world: World, owner: Actor) -> None:
    world.fails("SeatStillDrawable", closing(owner))
    to_epoch(world, world.window + 9)
    world.fails("SeatStillDrawable", closing(owner))


def test_refuses_snapshots_of_one_parity(world: World, owner: Actor) -> None:
    vacated(world, owner)
    for even, odd in ((EVEN, EVEN), (ODD, ODD)):
        instruction = closing(owner, even_snapshot=even, odd_snapshot=odd)
        world.fails("WrongSnapshot", instruction)


def test_attack_02_somebody_else_as_the_owner(world: World, owner: Actor, other: Actor) -> None:
    """Neither the rent nor the collateral goes to anybody but the seat's owner."""
    vacated(world, owner)
    world.fails("WrongOwner", closing(owner, owner=other.key))
    theirs = staking.position_address(other.key)
    world.fails("WrongOwner", closing(owner, position=theirs))
    world.fails("WrongOwner", closing(owner, owner=other.key, position=theirs))
