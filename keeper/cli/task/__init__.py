"""`neurolov task`: submit, follow, list, show, fetch and close tasks of the tolerant class."""

import click

from keeper.cli.task.close import close
from keeper.cli.task.follow import follow
from keeper.cli.task.listing import list_tasks
from keeper.cli.task.result import result
from keeper.cli.task.show import show
from keeper.cli.task.submit import submit


@click.group()
def task() -> None:
    """Run a custom kernel on several providers (tolerant class: no fraud proof)."""


for command in (close, follow, list_tasks, result, show, submit):
    task.add_command(command)

__all__ = ["task"]
