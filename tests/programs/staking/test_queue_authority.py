from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import pool
from neurolov_client import staking
from neurolov_client.bindings.staking import QUEUED_WINDOWS
from tests.world import World, unsigned
from tests.world.governing import queue, queueing

DELAY = 200 + QUEUED_WINDOWS * CHECKPOINT_SLOTS


def test_queues_a_handover_and_changes_nothing_yet(world: World) -> None:
    heir = world.actor("heir")
    sent = world.send(
        staking.queue_authority(authority=world.authority.key, new_authority=heir.key),
        signers=[world.authority, heir],
    )
    held = pool(world)
    assert (held.authority, held.next_authority) == (world.authority.key, heir.key)
    assert held.authority_slot == world.slot + DELAY
    event = sent.only(staking.AuthorityQueued)
    assert (event.authority, event.applies_slot) == (heir.key, world.slot + DELAY)
    assert sent.units <= 10_000
    world.fails("NotAuthority", queueing(world, authority=heir), signers=[heir])
    queue(world)


def test_a_later_handover_replaces_it_and_waits_anew(world: World) -> None:
    first, second = world.actor("first"), world.actor("second")
    for heir in (first, second):
        world.warp(10)
        world.send(
            staking.queue_authority(authority=world.authority.key, new_authority=heir.key),
            signers=[world.authority, heir],
        )
    assert pool(world).next_authority == second.key
    assert pool(world).authority_slot == world.slot + DELAY


def test_attack_01_both_must_sign(world: World) -> None:
    heir = world.actor("heir")
    instruction = staking.queue_authority(authority=world.authority.key, new_authority=heir.key)
    world.fails("AccountNotSigner", unsigned(instruction, heir.key), signers=[world.authority])
    world.fails("AccountNotSigner", unsigned(instruction, world.authority.key), signers=[heir])


def test_refuses_anybody_else(world: World) -> None:
    other = world.actor("other")
    instruction = staking.queue_authority(authority=other.key, new_authority=other.key)
    world.fails("NotAuthority", instruction, signers=[other])
