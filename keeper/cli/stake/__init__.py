"""`neurolov stake`: show and change a stake, name an operator, hold a seat."""

import click

from keeper.cli.stake.operator import operator
from keeper.cli.stake.position import (
    add,
    claim,
    open_position,
    show,
    unstake,
    withdraw,
)
from keeper.cli.stake.seat import seat


@click.group()
def stake() -> None:
    """Stake $NLOV, withdraw it, claim rewards, name an operator and hold a seat."""


for command in (add, claim, open_position, operator, seat, show, unstake, withdraw):
    stake.add_command(command)

__all__ = ["stake"]
