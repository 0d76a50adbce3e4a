"""The command by which a user goes on, with the options that this one was given."""

import shlex

import click
from click.core import ParameterSource

from keeper.cli.options.settings import chosen_name

PROGRAM = "neurolov"
PROFILE = "profile"
CARRIED = frozenset(
    {PROFILE, "url", "ws_url", "genesis_hash", "folder", "fresh", "keypair", "allow_private"}
)
"""Options that say who acts where; every command of a key has them."""


def going_on(*words: str) -> str:
    """Returns `neurolov WORDS`, with what the command line says of key, folder and cluster."""
    given: dict[str, list[str]] = {}
    context = click.get_current_context(silent=True)
    while context is not None:
        for parameter in context.command.params:
            name = parameter.name
            told = name is not None and name in CARRIED and name not in given
            if told and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                given[name] = [parameter.opts[0], *_value(context, parameter, name)]
        context = context.parent
    return shlex.join([PROGRAM, *words, *(part for option in given.values() for part in option)])


def _value(context: click.Context, parameter: click.Parameter, name: str) -> list[str]:
    if getattr(parameter, "is_flag", False):
        return []
    # The profile is chosen before the command's own parameters are read, and is not one of them.
    return [chosen_name(context) if name == PROFILE else str(context.params[name])]
