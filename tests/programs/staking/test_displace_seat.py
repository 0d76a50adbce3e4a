import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool, position, seat, stake
from neurolov_client import staking
from neurolov_client.bindings.staking import NO_SEAT, Tenure
from tests.programs.forging import Caller, fill_seats
from tests.programs.staking.conftest import COLLATERAL, STAKED, WEIGHT
from tests.programs.staking.exposures import lock, slash
from tests.programs.staking.seats import closing, displacing, seat_of, tree_of, vacating
from tests.world import NLOV, Actor, World, unsigned

BID = COLLATERAL * 5 // 4
HIGHER = BID * 5 // 4


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3, and all seats exist."""
    seat(world, owner, 3, COLLATERAL)
    fill_seats(world)


@pytest.fixture
def third(world: World) -> Actor:
    """A third actor with 1,000 $NLOV staked."""
    actor = world.actor("third", tokens=STAKED)
    stake(world, actor, STAKED)
    return actor


def test_a_quarter_more_weight_displaces_the_holder(
    world: World, owner: Actor, other: Actor
) -> None:
    address = staking.seat_address(3)
    rent, lamports = world.bank.balance(address), world.bank.balance(other.key)
    sent = world.send(displacing(other, owner, BID), signers=[other])
    bid, holder, heir = seat_of(world), position(world, owner), position(world, other)
    assert (bid.owner, bid.heir, bid.heir_rent) == (owner.key, other.key, rent)
    assert (bid.bid_weight, bid.vacated_epoch) == (WEIGHT * 5 // 4, world.window)
    assert (holder.seat, holder.tenure, holder.collateral) == (3, Tenure.VACATED, COLLATERAL)
    assert (heir.seat, heir.tenure, heir.collateral) == (3, Tenure.HEIR, BID)
    assert pool(world).collateral == COLLATERAL + BID
    assert tree_of(world).total == 0, "nobody has the seat's weight until it is closed"
    assert world.bank.balance(address) == 2 * rent
    assert world.bank.balance(other.key) == lamports - rent
    vacated = sent.only(staking.SeatVacated)
    assert (vacated.owner, vacated.seat, vacated.total_weight) == (owner.key, 3, 0)
    event = sent.only(staking.SeatBid)
    assert (event.seat, event.holder, event.heir) == (3, owner.key, other.key)
    assert (event.collateral, event.weight) == (BID, WEIGHT * 5 // 4)
    assert sent.units <= 25_000


def test_refuses_less_than_a_quarter_more(world: World, owner: Actor, other: Actor) -> None:
    world.fails("BidTooLow", displacing(other, owner, BID - 2), signers=[other])
    world.send(displacing(other, owner, BID), signers=[other])


def test_the_catch_rate_counts(
    world: World, owner: Actor, other: Actor, registry: Caller, job: Pubkey
) -> None:
    """Weight is compared, not collateral: whoever missed a fraud must bind four times as much."""
    verdict = Caller(world, "verdict")
    registry.send(lock(job, other, registry.key, 1, 0))
    verdict.send(slash(world, job, other, 1, world.treasury))
    world.fails("BidTooLow", displacing(other, owner, STAKED - 1), signers=[other])
    registry.send(lock(job, owner, registry.key, 1, 0))
    verdict.send(slash(world, job, owner, 1, world.treasury))
    world.send(displacing(other, owner, BID), signers=[other])


def test_an_outbid_heir_gets_everything_back(
    world: World, owner: Actor, other: Actor, third: Actor
) -> None:
    lamports = world.bank.balance(other.key)
    world.send(displacing(other, owner, BID), signers=[other])
    rent, vacated = seat_of(world).heir_rent, seat_of(world).vacated_epoch
    world.fails("BidTooLow", displacing(third, other, HIGHER - 2), signers=[third])
    world.warp(1)
    sent = world.send(displacing(third, other, HIGHER), signers=[third])
    outbid, bid = position(world, other), seat_of(world)
    assert (outbid.seat, outbid.tenure, outbid.collateral) == (NO_SEAT, Tenure.HELD, 0)
    assert world.bank.balance(other.key) == lamports
    assert (bid.heir, bid.heir_rent, bid.bid_weight) == (third.key, rent, HIGHER // 2)
    assert bid.vacated_epoch == vacated, "further bids do not put the handover off"
    assert world.bank.balance(staking.seat_address(3)) == 2 * rent
    assert pool(world).collateral == COLLATERAL + HIGHER
    assert sent.only(staking.SeatBid).heir == third.key
    leaving = staking.request_unstake(
        amount=STAKED, owner=other.key, ticket=staking.ticket_address(other.key, 0)
    )
    world.send(leaving, signers=[other])


def test_a_vacated_seat_is_bid_for_likewise(
    world: World, owner: Actor, other: Actor, third: Actor
) -> None:
    world.send(vacating(owner), signers=[owner])
    least = 100 * NLOV
    world.fails("BelowVerifierMinimum", displacing(other, owner, least - 1), signers=[other])
    world.send(displacing(other, owner, least), signers=[other])
    world.fails("BidTooLow", displacing(third, other, least * 5 // 4 - 2), signers=[third])
    world.send(displacing(third, other, least * 5 // 4), signers=[third])
    world.stand()
    world.send(closing(owner, heir=staking.position_address(third.key)))
    assert seat_of(world).owner == third.key
    assert tree_of(world).total == least * 5 // 8


def test_the_bidder_cannot_leave_before_the_handover(
    world: World, owner: Actor, other: Actor
) -> None:
    world.send(displacing(other, owner, BID), signers=[other])
    leaving = staking.request_unstake(
        amount=STAKED - BID + 1, owner=other.key, ticket=staking.ticket_address(other.key, 0)
    )
    world.fails("InsufficientFreeStake", leaving, signers=[other])
    world.fails("NotSeated", vacating(other), signers=[other])
    elsewhere = staking.take_seat(index=5, collateral=BID, owner=other.key)
    world.fails("AlreadySeated", elsewhere, signers=[other])


def test_refuses_while_a_seat_is_free(world: World, owner: Actor, other: Actor) -> None:
    third = world.actor("third", tokens=STAKED)
    stake(world, third, STAKED)
    seat_at_the_end = staking.take_seat(index=1_023, collateral=COLLATERAL, owner=third.key)
    fill_seats(world, but=1)
    world.fails("SeatsFree", displacing(other, owner, BID), signers=[other])
    world.send(seat_at_the_end, signers=[third])
    world.send(displacing(other, owner, BID), signers=[other])


def test_refuses_whoever_has_a_seat(world: World, owner: Actor, other: Actor, third: Actor) -> None:
    world.send(displacing(other, owner, BID), signers=[other])
    world.fails("AlreadySeated", displacing(other, other, HIGHER), signers=[other])
    world.fails("AlreadySeated", displacing(owner, other, 600 * NLOV), signers=[owner])


def test_refuses_collateral_that_is_not_free(
    world: World, owner: Actor, other: Actor, registry: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, other, registry.key, STAKED - BID + 1, 0))
    world.fails("InsufficientFreeStake", displacing(other, owner, BID), signers=[other])


def test_refuses_to_name_somebody_else_as_displaced(
    world: World, owner: Actor, other: Actor, third: Actor
) -> None:
    """An outbid heir's rent and collateral go back to that heir alone."""
    world.fails("WrongHeir", displacing(other, third, BID), signers=[other])
    world.send(displacing(other, owner, BID), signers=[other])
    world.fails("WrongHeir", displacing(third, owner, HIGHER), signers=[third])
    theirs = displacing(third, other, HIGHER, displaced_owner=third.key)
    world.fails("WrongHeir", theirs, signers=[third])


def test_refuses_anothers_position(world: World, owner: Actor, other: Actor, third: Actor) -> None:
    theirs = displacing(third, owner, BID, position=staking.position_address(other.key))
    world.fails("WrongOwner", theirs, signers=[third])


def test_attack_01_the_owner_must_sign(world: World, owner: Actor, other: Actor) -> None:
    world.fails("AccountNotSigner", unsigned(displacing(other, owner, BID), other.key))


def test_attack_11_the_largest_amount(world: World, owner: Actor, other: Actor) -> None:
    world.fails("InsufficientFreeStake", displacing(other, owner, 2**64 - 1), signers=[other])
