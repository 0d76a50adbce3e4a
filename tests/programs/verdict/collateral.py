"""Verifiers whose collateral other ballots hold."""

import hashlib

from solders.pubkey import Pubkey

from keeper.lab.market import stakers
from neurolov_client import staking
from tests.programs.forging import Caller
from tests.world import Actor, World


def fill(world: World, owner: Actor, *, room: int) -> None:
    """Has verdict lock all but `room` base units of a verifier's collateral, as for a ballot."""
    held = stakers.position(world, owner)
    job = Pubkey(hashlib.sha256(b"another job" + bytes(owner.key)).digest())
    caller = Caller(world, "verdict")
    caller.send(
        staking.lock_exposure(
            amount=held.collateral - held.balloted - room,
            bond=0,
            signer=owner.key,
            authority=caller.key,
            job=job,
            position=staking.position_address(owner.key),
            exposure=staking.exposure_address(job, owner.key),
        )
    )
    held = stakers.position(world, owner)
    assert held.collateral - held.balloted == room
