"""`neurolov stake`: show and change a stake, name an operator, hold a seat."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "add": "keeper.cli.stake.position:add",
    "claim": "keeper.cli.stake.position:claim",
    "open": "keeper.cli.stake.position:open_position",
    "operator": "keeper.cli.stake.operator:operator",
    "seat": "keeper.cli.stake.seat:seat",
    "show": "keeper.cli.stake.position:show",
    "unstake": "keeper.cli.stake.position:unstake",
    "withdraw": "keeper.cli.stake.position:withdraw",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def stake() -> None:
    """Stake $NLOV, withdraw it, claim rewards, name an operator and hold a seat."""
