import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import position, seat
from neurolov_client import staking
from neurolov_client.bindings.staking import Tenure
from tests.programs.forging import Caller
from tests.programs.staking.conftest import COLLATERAL
from tests.programs.staking.exposures import lock, slash
from tests.programs.staking.seats import closing, evicting, seat_of, tree_of, vacating
from tests.world import Actor, World


@pytest.fixture(autouse=True)
def seated(world: World, owner: Actor) -> None:
    """The owner holds seat 3."""
    seat(world, owner, 3, COLLATERAL)


def reduce(world: World, owner: Actor, verdict: Caller, collateral: int) -> None:
    """Fines the owner until `collateral` is left."""
    verdict.send(
        staking.fine(
            fine=position(world, owner).collateral - collateral,
            position=staking.position_address(owner.key),
            destination=world.treasury,
        )
    )


def half(world: World) -> int:
    return world.parameters.staking.min_verifier_stake // 2


def test_vacates_a_seat_with_less_than_half_the_minimum(
    world: World, owner: Actor, verdict: Caller
) -> None:
    reduce(world, owner, verdict, half(world) - 1)
    sent = world.send(evicting(owner))
    held = position(world, owner)
    assert (held.seat, held.tenure, held.collateral) == (3, Tenure.VACATED, half(world) - 1)
    assert seat_of(world).vacated_epoch == world.window
    assert (tree_of(world).total, tree_of(world).seats) == (0, 1)
    event = sent.only(staking.SeatVacated)
    assert (event.owner, event.seat, event.total_weight) == (owner.key, 3, 0)
    assert sent.units <= 10_000
    world.stand()
    world.send(closing(owner))
    assert (position(world, owner).collateral, tree_of(world).seats) == (0, 0)


def test_a_slashed_ballot_counts(world: World, owner: Actor, verdict: Caller, job: Pubkey) -> None:
    verdict.send(lock(job, owner, verdict.key, COLLATERAL, 0))
    verdict.send(slash(world, job, owner, COLLATERAL - half(world) + 1, world.treasury))
    world.send(evicting(owner))
    assert position(world, owner).tenure == Tenure.VACATED


def test_refuses_at_half_the_minimum(world: World, owner: Actor, verdict: Caller) -> None:
    world.fails("SufficientlyCollateralised", evicting(owner))
    reduce(world, owner, verdict, half(world))
    world.fails("SufficientlyCollateralised", evicting(owner))


def test_a_miss_alone_evicts_nobody(
    world: World, owner: Actor, registry: Caller, verdict: Caller, job: Pubkey
) -> None:
    registry.send(lock(job, owner, registry.key, 300, 0))
    verdict.send(slash(world, job, owner, 300, world.treasury))
    world.fails("SufficientlyCollateralised", evicting(owner))


def test_refuses_twice(world: World, owner: Actor, verdict: Caller) -> None:
    reduce(world, owner, verdict, 1)
    world.send(evicting(owner))
    world.fails("NotSeated", evicting(owner))


def test_refuses_a_vacated_seat(world: World, owner: Actor, verdict: Caller) -> None:
    reduce(world, owner, verdict, 1)
    world.send(vacating(owner), signers=[owner])
    world.fails("NotSeated", evicting(owner))


def test_refuses_anothers_seat(world: World, owner: Actor, other: Actor, verdict: Caller) -> None:
    seat(world, other, 4, COLLATERAL)
    reduce(world, owner, verdict, 1)
    world.fails("WrongOwner", evicting(owner, 4))
    theirs = staking.position_address(other.key)
    world.fails("WrongOwner", evicting(owner, position=theirs))
