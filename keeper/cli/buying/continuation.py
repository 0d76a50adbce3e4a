"""The command by which a user goes on, with the options that this one was given."""

import shlex

import click
from click.core import ParameterSource

from keeper.cli.options.settings import chosen_name

PROGRAM = "neurolov"
CARRIED = frozenset(
    {"profile", "url", "ws_url", "genesis_hash", "folder", "fresh", "keypair", "allow_private"}
)
"""Options that say who acts where; every command of a key has them."""


def going_on(*words: str) -> str:
    """Returns `neurolov WORDS`, with what the command line says of key, folder and cluster."""
    told: dict[str, list[str]] = {}
    context = click.get_current_context(silent=True)
    while context is not None:
        for parameter in context.command.params:
            name = parameter.name or ""
            source = context.get_parameter_source(name)
            if name in CARRIED and source is ParameterSource.COMMANDLINE:
                told.setdefault(name, _option(context, parameter))
        context = context.parent
    return shlex.join([PROGRAM, *words, *(word for option in told.values() for word in option)])


def _option(context: click.Context, parameter: click.Parameter) -> list[str]:
    option = parameter.opts[0]
    if parameter.name == "profile":
        return [option, chosen_name(context)]
    if getattr(parameter, "is_flag", False):
        return [option]
    return [option, str(context.params[parameter.name or ""])]
