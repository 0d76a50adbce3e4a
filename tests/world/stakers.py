"""Flows of the staking program."""

from idl.client import staking
from idl.client.bindings.staking import NO_SEAT
from tests.world.actor import Actor
from tests.world.world import NLOV, Sent, World


def position(world: World, owner: Actor) -> staking.Position:
    """Returns the owner's position."""
    return world.fetch(staking.Position, staking.position_address(owner.key))


def pool(world: World) -> staking.Pool:
    """Returns the stake pool."""
    return world.fetch(staking.Pool, staking.pool_address())


def stake(world: World, owner: Actor, amount: int) -> Sent:
    """Stakes tokens that the owner has, opening the position first where there is none."""
    address = staking.position_address(owner.key)
    opening = [] if world.exists(address) else [staking.open_position(owner=owner.key)]
    seated = not opening and position(world, owner).seat != NO_SEAT
    return world.send(
        *opening,
        staking.stake(
            amount=amount,
            owner=owner.key,
            source=owner.tokens,
            verifiers=staking.verifiers_address() if seated else None,
        ),
        signers=[owner],
    )


def seat(world: World, owner: Actor, index: int) -> Sent:
    """Takes a seat of the draw."""
    return world.send(staking.take_seat(index=index, owner=owner.key), signers=[owner])


def snapshot(world: World) -> Sent:
    """Copies the weights for this epoch; refused where that has been done."""
    epoch = world.slot // world.parameters.staking.epoch_slots
    return world.send(
        staking.take_snapshot(snapshot=staking.snapshot_address(epoch % 2)), signers=[]
    )


def committee(world: World, size: int, *, staked: int = 1_000 * NLOV) -> list[Actor]:
    """Returns `size` new verifiers, each staked on the seat of its number, and in the snapshot."""
    members = []
    for index in range(size):
        member = world.actor(f"verifier {index}", tokens=staked)
        stake(world, member, staked)
        seat(world, member, index)
        members.append(member)
    snapshot(world)
    return members
