"""Exposure calls, as made by the programs that may make them."""

from typing import Any

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from neurolov_client import staking
from tests.world import Actor, World


def lock(
    job: Pubkey,
    owner: Actor,
    authority: Pubkey,
    amount: int,
    bond: int,
    *,
    signer: Actor | None = None,
    **accounts: Any,
) -> Instruction:
    """Locks stake of `owner` for `job`, signed by the owner unless another signer is given."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(job, owner.key),
    }
    return staking.lock_exposure(
        amount=amount,
        bond=bond,
        signer=(signer or owner).key,
        authority=authority,
        job=job,
        **(named | accounts),
    )


def unlock(
    job: Pubkey,
    owner: Actor,
    authority: Pubkey,
    *,
    close: bool,
    payer: Actor | None = None,
    **accounts: Any,
) -> Instruction:
    """Releases, closes, or both. The rent goes to the owner unless another payer is given."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(job, owner.key),
    }
    return staking.unlock_exposure(
        close=close, authority=authority, payer=(payer or owner).key, **(named | accounts)
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
    world: World,
    job: Pubkey,
    owner: Actor,
    amount: int,
    destination: Pubkey,
    *,
    burn_bps: int = 5_000,
    **accounts: Any,
) -> Instruction:
    """Slashes by `amount`, as verdict, and burns half of it unless told otherwise."""
    named: dict[str, Any] = {
        "position": staking.position_address(owner.key),
        "exposure": staking.exposure_address(job, owner.key),
        "mint": world.mint,
    }
    return staking.slash(
        amount=amount, burn_bps=burn_bps, destination=destination, **(named | accounts)
    )


def exposure(world: World, job: Pubkey, owner: Actor) -> staking.Exposure:
    """Returns the owner's exposure to the job."""
    return world.fetch(staking.Exposure, staking.exposure_address(job, owner.key))
