"""New terms, which govern the tasks that are posted after them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurolov_client import staking
from tests.world import World
from tests.world.governing import enact


def renew(
    world: World, changes: Mapping[str, Any], *, escrow: Mapping[str, Any] | None = None
) -> None:
    """Queue the next terms, wait and apply them.

    `changes` are those of redundancy's parameters, `escrow` those of escrow's.
    """
    present = world.fetch(staking.Terms, world.terms).parameters
    parameters = replace(
        present,
        redundancy=replace(present.redundancy, **changes),
        escrow=replace(present.escrow, **(escrow or {})),
    )
    enact(world, parameters)
