"""The command by which a user goes on, with the options that this one was given."""

import shlex

import click
from click.core import ParameterSource

PROGRAM = "neurolov"
CARRIED = frozenset(
    {"profile", "url", "ws_url", "genesis_hash", "folder", "fresh", "keypair", "allow_private"}
)
"""Options that say who acts where; every command of a key has them."""


def going_on(*words: str) -> str:
    """Returns `neurolov WORDS`, with what the command line says of key, folder and cluster."""
    line = [PROGRAM, *words]
    context = click.get_current_context(silent=True)
    while context is not None:
        for parameter in context.command.params:
            name = parameter.name
            told = name is not None and name in CARRIED
            if told and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                line.append(parameter.opts[0])
                if not getattr(parameter, "is_flag", False):
                    line.append(str(context.params[name]))
        context = context.parent
    return shlex.join(line)
