"""Every command of the command line, found as the command line finds it."""

from collections.abc import Iterator

import click

from keeper.cli.app import cli


def leaves() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yields the path and the command of all that do work, those of other distributions too."""
    yield from _below((), cli, click.Context(cli))


def _below(
    path: tuple[str, ...], command: click.Command, context: click.Context
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        below = click.Context(found, parent=context, info_name=name)
        yield from _below((*path, name), found, below)
