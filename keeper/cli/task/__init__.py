"""`neurolov task`: submit a task of the tolerant class and show it."""

import click

from keeper.cli.task.show import show
from keeper.cli.task.submit import submit


@click.group()
def task() -> None:
    """Run a custom kernel on several providers (tolerant class: no fraud proof)."""


for command in (show, submit):
    task.add_command(command)

__all__ = ["task"]
