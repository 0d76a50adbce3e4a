"""The commands, each found by its name and imported when it is used.

Installed distributions register commands as entry points; a group that is a package lists the
modules of its own. One rule keeps the start short: a command's module imports at its top what its
work needs, and nothing imports the module but the command's use or its --help. What several
commands share is therefore light (`keeper.cli.options`, `keeper.cli.output`,
`keeper.configuration`). `tests/keeper/cli/test_start.py` holds which modules a light command may
load, and which ones no command loads before its work.

A command that is loaded gets what all commands have: the environment variables of its options, and
--profile. An option `--url` of `neurolov job status` is set by NEUROLOV_JOB_STATUS_URL or, for all
commands that have it, by NEUROLOV_URL; the first of them counts.
"""

import ast
import inspect
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from keeper.cli.interrupts import begin_work
from keeper.cli.options.settings import ProfileOption, variable
from keeper.errors import KeeperError

GROUP: Final = "neurolov.commands"
"""The group of entry points: the name is the command's, the value is `module:command`."""


COMPLETION_WIDTH: Final = 80
"""The characters in which a shell shows a command with its help."""


class CommandUnavailableError(KeeperError):
    """An installed distribution registers a command that cannot be loaded."""


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is used, and none to list them.

    The list of commands reads their docstrings from the source files. `members` are the commands
    by name, each as `module:command`.
    """

    def __init__(
        self, *arguments: Any, members: Mapping[str, str] | None = None, **attributes: Any
    ) -> None:
        super().__init__(*arguments, **attributes)
        self._members = members or {}

    def entries(self) -> list[EntryPoint]:
        """Returns where each command is found; several may have one name."""
        return [EntryPoint(name, value, GROUP) for name, value in self._members.items()]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names of the commands, sorted."""
        return sorted({entry.name for entry in self.entries()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command, None where there is none of this name.

        Raises CommandUnavailableError where it cannot be imported or several have the name.
        """
        found = [entry for entry in self.entries() if entry.name == cmd_name]
        if not found:
            return None
        if len(found) > 1:
            owners = " and ".join(sorted(_distribution(entry) for entry in found))
            raise CommandUnavailableError(
                f"{owners} both register the command {cmd_name!r}; uninstall one of them"
            )
        command = _loaded(found[0])
        equip(command, *_path(ctx), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes each command's name and the first sentence of its docstring."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_summaries(self.entries(), formatter.width)))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Returns the commands and options that begin so; imports none of them."""
        told = dict(_summaries(self.entries(), COMPLETION_WIDTH))
        found = [name for name in told if name.startswith(incomplete)]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=told[name]) for name in found), *options]


class RegisteredCommands(LazyGroup):
    """The root: its commands are the entry points of `GROUP`."""

    def entries(self) -> list[EntryPoint]:
        """Returns what the installed distributions register."""
        return list(entry_points(group=GROUP))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Returns the name, the command and its arguments; raises click.UsageError."""
        name = args[0]
        if not name.startswith("-") and name not in (known := self.list_commands(ctx)):
            if not known:
                ctx.fail("No distribution registers any command; install neurolov.")
            ctx.fail(
                f"No such command {name!r}. If it belongs to a distribution of its own, such as "
                "neurolov-lab, install that."
            )
        return super().resolve_command(ctx, args)


class WorkContext(click.Context):
    """The context of a command that does work, which begins when its callback is invoked."""

    def invoke(self, *arguments: Any, **named: Any) -> Any:
        """Invokes a callback; Ctrl-C raises KeyboardInterrupt from then on."""
        begin_work()
        return super().invoke(*arguments, **named)


def leaves(
    command: click.Command, context: click.Context | None = None
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yields each command that is no group, with its path; imports them all.

    Raises CommandUnavailableError.
    """
    context = context or click.Context(command)
    if not isinstance(command, click.Group):
        yield tuple(_path(context)), command
        return
    for name in command.list_commands(context):
        if (found := command.get_command(context, name)) is not None:
            yield from leaves(found, click.Context(found, parent=context, info_name=name))


def equip(command: click.Command, *path: str) -> None:
    """Makes a command and those below it ours.

    They get --profile, their options get variables, and Ctrl-C is told when their work begins.
    """
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            equip(below, *path, name)
    else:
        command.context_class = WorkContext
    for option in command.params:
        if isinstance(option, click.Option) and not isinstance(option, ProfileOption):
            name = max(option.opts, key=len)
            option.envvar = [variable(name, *path), variable(name)]
    if not any(isinstance(option, ProfileOption) for option in command.params):
        command.params.append(ProfileOption())


def _path(ctx: click.Context) -> list[str]:
    """Returns the names of the commands from the root, which has none, to this one."""
    return [] if ctx.parent is None else [*_path(ctx.parent), str(ctx.info_name)]


def _summaries(entries: Iterable[EntryPoint], width: int) -> Iterator[tuple[str, str]]:
    found = {entry.name: entry for entry in entries}
    longest = max(map(len, found), default=0)
    for name, entry in sorted(found.items()):
        command = click.Command(name, help=_docstring(entry))
        yield name, command.get_short_help_str(limit=width - 6 - longest)


def _docstring(entry: EntryPoint) -> str:
    """Returns the docstring of the command's function, read without running its module."""
    spec = find_spec(entry.module)
    if spec is None or spec.origin is None:
        return f"Cannot be loaded; reinstall {_distribution(entry)}."
    tree = ast.parse(Path(spec.origin).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == entry.attr:
            return inspect.cleandoc(ast.get_docstring(node) or "")
    return f"Cannot be loaded; reinstall {_distribution(entry)}."


def _loaded(entry: EntryPoint) -> click.Command:
    # Whatever a broken module raises, the user needs to know which distribution to repair.
    try:
        command = entry.load()
    except Exception as error:
        raise CommandUnavailableError(
            f"the command {entry.name!r}{_whose(entry)} cannot be loaded: {error}"
        ) from error
    if not isinstance(command, click.Command):
        raise CommandUnavailableError(
            f"{entry.value!r}{_whose(entry)} is not a command but {type(command).__name__}"
        )
    return command


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unknown distribution"


def _whose(entry: EntryPoint) -> str:
    """Returns the distribution of a registered command; a member of a group has none of its own."""
    return f" of {entry.dist.name}" if entry.dist is not None else ""
