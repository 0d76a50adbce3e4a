"""How the terms of a world change: queued and applied as the program demands, or forged."""

import struct
from dataclasses import astuple
from itertools import chain

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from keeper.lab.market.actor import Actor
from keeper.lab.market.sandbox import Sent
from keeper.lab.market.stakers import pool
from neurolov_client import staking
from tests.world.editing import overwrite
from tests.world.world import World


def values_of(parameters: staking.Parameters) -> tuple[int, ...]:
    """Returns every parameter, in the order in which the chain stores them."""
    return tuple(chain.from_iterable(astuple(parameters)))


def terms_numbered(world: World, version: int) -> staking.Terms:
    """Returns the terms of this version."""
    return world.fetch(staking.Terms, staking.terms_address(version))


def queueing(
    world: World,
    parameters: staking.Parameters | None = None,
    *,
    treasury: Pubkey | None = None,
    version: int | None = None,
    authority: Actor | None = None,
) -> Instruction:
    """Returns the instruction that queues the next terms, by default the present numbers again."""
    current = pool(world).terms
    return staking.queue_terms(
        version=current + 1 if version is None else version,
        parameters=parameters or terms_numbered(world, current).parameters,
        authority=(authority or world.authority).key,
        present=staking.terms_address(current),
        treasury=treasury or world.treasury,
    )


def queue(
    world: World, parameters: staking.Parameters | None = None, *, treasury: Pubkey | None = None
) -> Sent:
    """Queues the next terms."""
    queued = queueing(world, parameters, treasury=treasury)
    return world.send(queued, signers=[world.authority])


def applying(world: World) -> Instruction:
    """Returns the instruction that applies the next terms."""
    current = pool(world).terms
    return staking.apply_terms(
        present=staking.terms_address(current), terms=staking.terms_address(current + 1)
    )


def cancelling(world: World, signer: Actor | None = None) -> Instruction:
    """Returns the instruction that cancels the next terms, by default as the authority."""
    return staking.cancel_terms(
        signer=(signer or world.authority).key,
        authority=pool(world).authority,
        terms=staking.terms_address(pool(world).terms + 1),
    )


def enact(
    world: World, parameters: staking.Parameters | None = None, *, treasury: Pubkey | None = None
) -> Sent:
    """Queues the next terms, lets their delay pass and applies them."""
    queue(world, parameters, treasury=treasury)
    queued = terms_numbered(world, pool(world).terms + 1)
    world.warp_to(queued.applies_slot)
    sent = world.send(applying(world))
    world.parameters = queued.parameters
    return sent


def forge_terms(world: World, parameters: staking.Parameters) -> None:
    """Writes these parameters into the current terms, as if the world were deployed with them."""
    values = values_of(parameters)
    encoded = struct.pack(f"<{len(values)}Q", *values)
    overwrite(world, world.terms, staking.Terms.OFFSETS["parameters"], encoded)
    own = encoded[: 8 * len(astuple(parameters.staking))]
    overwrite(world, staking.pool_address(), staking.Pool.OFFSETS["params"], own)
    world.parameters = parameters
