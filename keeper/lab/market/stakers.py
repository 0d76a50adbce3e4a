"""Flows of the staking program."""

from keeper.amounts import NLOV
from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import Sandbox, Sent
from neurolov_client import staking


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
    return sandbox.send(
        *opening,
        staking.stake(amount=amount, owner=owner.key, source=owner.tokens),
        signers=[owner],
    )


def appoint(sandbox: Sandbox, owner: Actor, operator: Actor, budget: int) -> Sent:
    """Names the key that may expose up to `budget` base units of the owner's stake."""
    naming = staking.set_operator(operator=operator.key, budget=budget, owner=owner.key)
    return sandbox.send(naming, signers=[owner])


def seat(sandbox: Sandbox, owner: Actor, index: int, collateral: int | None = None) -> Sent:
    """Takes a seat of the draw with collateral in base units, by default all free stake."""
    if collateral is None:
        held = position(sandbox, owner)
        collateral = held.amount - held.collateral - (held.exposed - held.balloted)
    taking = staking.take_seat(index=index, collateral=collateral, owner=owner.key)
    return sandbox.send(taking, signers=[owner])


def snapshot(sandbox: Sandbox) -> Sent:
    """Copies the weights for this epoch; refused where that has been done."""
    taking = staking.take_snapshot(snapshot=staking.snapshot_address(sandbox.window % 2))
    return sandbox.send(taking, signers=[])


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
