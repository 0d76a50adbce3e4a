"""`neurolov task`: submit a task of the tolerant class and show it."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "show": "keeper.cli.task.show:show",
    "submit": "keeper.cli.task.submit:submit",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def task() -> None:
    """Run a custom kernel on several providers (tolerant class: no fraud proof)."""
