"""Exposure calls, as made by the programs that may make them."""

from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from idl.client import staking
from tests.world import Actor, World


def lock(job: Pubkey, owner: Actor, authority: Pubkey, amount: int, bond: int) -> Instruction:
    """Locks stake of `owner` for `job`."""
    return staking.lock_exposure(
        amount=amount, bond=bond, owner=owner.key, authority=authority, job=job
    )


def unlock(job: Pubkey, owner: Actor, authority: Pubkey, *, close: bool) -> Instruction:
    """Releases, closes, or both."""
    return staking.unlock_exposure(
        close=close,
        authority=authority,
        owner=owner.key,
        exposure=staking.exposure_address(job, owner.key),
    )


def forfeit(
    job: Pubkey, owner: Actor, authority: Pubkey, destination: Pubkey, **accounts: Any
) -> Instruction:
    """Forfeits the bond to `destination`."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(job, owner.key),
    }
    return staking.forfeit_bond(authority=authority, destination=destination, **(named | accounts))


def slash(
    world: World, job: Pubkey, owner: Actor, amount: int, destination: Pubkey, **accounts: Any
) -> Instruction:
    """Slashes by `amount`, as verdict."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(job, owner.key),
        "mint": world.mint,
    }
    return staking.slash(amount=amount, destination=destination, **(named | accounts))


def exposure(world: World, job: Pubkey, owner: Actor) -> staking.Exposure:
    """Returns the owner's exposure to the job."""
    return world.fetch(staking.Exposure, staking.exposure_address(job, owner.key))
