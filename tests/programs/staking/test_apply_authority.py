import pytest
from solders.pubkey import Pubkey

from keeper.lab.market.stakers import pool
from neurolov_client import staking
from tests.world import Actor, World
from tests.world.governing import cancelling, queue, queueing


@pytest.fixture
def heir(world: World) -> Actor:
    """The authority to come, whose handover is queued."""
    heir = world.actor("heir")
    world.send(
        staking.queue_authority(authority=world.authority.key, new_authority=heir.key),
        signers=[world.authority, heir],
    )
    return heir


def test_hands_over(world: World, heir: Actor) -> None:
    world.warp_to(pool(world).authority_slot)
    sent = world.send(staking.apply_authority())
    assert (pool(world).authority, pool(world).next_authority) == (heir.key, Pubkey.default())
    assert sent.only(staking.AuthoritySet).authority == heir.key
    assert sent.units <= 10_000
    world.fails("NotAuthority", queueing(world), signers=[world.authority])
    world.send(queueing(world, authority=heir), signers=[heir])


def test_terms_that_the_former_one_queued_are_the_new_ones_to_cancel(
    world: World, heir: Actor
) -> None:
    queue(world)
    world.warp_to(pool(world).authority_slot)
    world.send(staking.apply_authority())
    world.fails("NotAuthority", cancelling(world), signers=[world.authority])
    world.send(cancelling(world, heir), signers=[heir])


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_attack_21_the_exact_slot(world: World, heir: Actor, offset: int) -> None:
    world.warp_to(pool(world).authority_slot + offset)
    if offset < 0:
        world.fails("StillQueued", staking.apply_authority())
    else:
        world.send(staking.apply_authority())
        assert pool(world).authority == heir.key


def test_the_authority_cancels_by_naming_itself(world: World, heir: Actor) -> None:
    own = world.authority.key
    world.send(staking.queue_authority(authority=own, new_authority=own), signers=[world.authority])
    world.warp_to(pool(world).authority_slot)
    world.send(staking.apply_authority())
    assert pool(world).authority == own


def test_refuses_where_nothing_is_queued(world: World) -> None:
    world.fails("NothingQueued", staking.apply_authority())


def test_refuses_twice(world: World, heir: Actor) -> None:
    world.warp_to(pool(world).authority_slot)
    world.send(staking.apply_authority())
    world.fails("NothingQueued", staking.apply_authority())
