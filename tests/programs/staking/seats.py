"""Seat calls, as anybody may make them."""

from typing import Any

from solders.instruction import Instruction

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.stakers import snapshot
from neurolov_client import staking
from tests.world import Actor, World

EVEN, ODD = staking.snapshot_address(0), staking.snapshot_address(1)


def seat_of(world: World, index: int = 3) -> staking.Seat:
    """Returns the seat of this number."""
    return world.fetch(staking.Seat, staking.seat_address(index))


def tree_of(world: World) -> staking.VerifierTree:
    """Returns the tree of present weights."""
    return world.fetch(staking.VerifierTree, staking.verifiers_address())


def let_snapshots_pass(world: World) -> None:
    """Lets two windows begin and takes their snapshots, so that vacated seats can be closed."""
    for _ in range(2):
        world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
        snapshot(world)


def vacating(owner: Actor, index: int = 3) -> Instruction:
    """Vacates a seat that `owner` holds."""
    return staking.vacate_seat(owner=owner.key, seat=staking.seat_address(index))


def closing(holder: Actor, index: int = 3, **accounts: Any) -> Instruction:
    """Closes a seat that `holder` has vacated."""
    named: dict[str, Any] = {
        "owner": holder.key,
        "seat": staking.seat_address(index),
        "even_snapshot": EVEN,
        "odd_snapshot": ODD,
    }
    return staking.close_seat(**(named | accounts))


def evicting(owner: Actor, index: int = 3, **accounts: Any) -> Instruction:
    """Evicts `owner` from a seat."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "seat": staking.seat_address(index),
    }
    return staking.evict_seat(**(named | accounts))


def displacing(
    newcomer: Actor, before: Actor, collateral: int, index: int = 3, **accounts: Any
) -> Instruction:
    """Bids for a seat that `before` holds, or for which it was the latest to bid."""
    named: dict[str, Any] = {
        "owner": newcomer.key,
        "seat": staking.seat_address(index),
        "displaced": staking.position_address(before.key),
        "displaced_owner": before.key,
    }
    return staking.displace_seat(collateral=collateral, **(named | accounts))
