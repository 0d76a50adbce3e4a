"""`neurolov task`: run a custom kernel on several providers, and follow what becomes of it."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "close": "keeper.cli.task.close:close",
    "follow": "keeper.cli.task.follow:follow",
    "list": "keeper.cli.task.listing:list_tasks",
    "quote": "keeper.cli.task.quote:quote",
    "result": "keeper.cli.task.result:result",
    "show": "keeper.cli.task.show:show",
    "submit": "keeper.cli.task.submit:submit",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def task() -> None:
    """Run a custom kernel on several providers (tolerant class: no fraud proof)."""
