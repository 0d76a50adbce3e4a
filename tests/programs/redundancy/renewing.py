"""New terms, which govern the tasks that are posted after them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from idl.client import staking
from keeper.lab.market.stakers import pool
from tests.world import World


def renew(
    world: World, changes: Mapping[str, Any], *, escrow: Mapping[str, Any] | None = None
) -> None:
    """Queue the next terms, wait and apply them.

    `changes` are those of redundancy's parameters, `escrow` those of escrow's.
    """
    version, present = pool(world).terms + 1, world.terms
    parameters = world.fetch(staking.Terms, present).parameters
    parameters = replace(
        parameters,
        redundancy=replace(parameters.redundancy, **changes),
        escrow=replace(parameters.escrow, **(escrow or {})),
    )
    queueing = staking.queue_terms(
        version=version,
        parameters=parameters,
        authority=world.authority.key,
        present=present,
        treasury=world.treasury,
    )
    world.send(queueing, signers=[world.authority])
    queued = staking.terms_address(version)
    world.warp_to(world.fetch(staking.Terms, queued).applies_slot)
    world.send(staking.apply_terms(present=present, terms=queued))
