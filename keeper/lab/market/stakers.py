"""Flows of the staking program."""

from idl.client import staking
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import Sandbox, Sent
from keeper.node.payment import NLOV


def position(sandbox: Sandbox, owner: Actor) -> staking.Position:
    """Returns the owner's position."""
    return sandbox.fetch(staking.Position, staking.position_address(owner.key))


def pool(sandbox: Sandbox) -> staking.Pool:
    """Returns the stake pool."""
    return sandbox.fetch(staking.Pool, staking.pool_address())


def stake(sandbox: Sandbox, owner: Actor, amount: int) -> Sent:
    """Stakes tokens that the owner has, opening the position first where there is none."""
    address = staking.position_address(owner.key)
    opening = [] if sandbox.exists(address) else [staking.open_position(owner=owner.key)]
    seated = not opening and position(sandbox, owner).seat != staking.NO_SEAT
    return sandbox.send(
        *opening,
        staking.stake(
            amount=amount,
            owner=owner.key,
            source=owner.tokens,
            verifiers=staking.verifiers_address() if seated else None,
        ),
        signers=[owner],
    )


def seat(sandbox: Sandbox, owner: Actor, index: int) -> Sent:
    """Takes a seat of the draw."""
    return sandbox.send(staking.take_seat(index=index, owner=owner.key), signers=[owner])


def snapshot(sandbox: Sandbox) -> Sent:
    """Copies the weights for this epoch; refused where that has been done."""
    epoch = sandbox.slot // sandbox.parameters.staking.epoch_slots
    return sandbox.send(
        staking.take_snapshot(snapshot=staking.snapshot_address(epoch % 2)), signers=[]
    )


def committee(sandbox: Sandbox, size: int, *, staked: int = 1_000 * NLOV) -> list[Actor]:
    """Returns `size` new verifiers, each staked on the seat of its number, and in the snapshot."""
    members = []
    for index in range(size):
        member = sandbox.actor(f"verifier {index}", tokens=staked)
        stake(sandbox, member, staked)
        seat(sandbox, member, index)
        members.append(member)
    snapshot(sandbox)
    return members
