"""Settings: options that a profile of the configuration file may give a value.

An option's value is the one on the command line, or else that of an environment variable, or else
that of the profile, or else the option's default. Every option has environment variables
(`keeper.cli.registry` names them). Only settings are keys of the configuration file: each is
declared once, by `declare`, in this package, so that the list of known keys is complete without
importing any command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from keeper.configuration import DEFAULT_PROFILE, Profiles, configuration_path
from keeper.errors import BadInputError

Command = Callable[..., Any]

_PROFILE: Final = "neurolov.profile"
_CHOSEN: Final = "neurolov.chosen"

SETTINGS: Final[dict[str, "Setting"]] = {}
"""Every setting by its key, which is the option's name without the leading dashes."""


class SettingError(BadInputError):
    """A profile has a key that is none, or a value that its option does not take."""


class SettingOption(click.Option):
    """An option that takes its value from the profile where neither flag nor variable gives one."""

    def __init__(self, *arguments: Any, key: str, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.key = key

    def consume_value(
        self, ctx: click.Context, opts: Mapping[str, Any]
    ) -> tuple[Any, ParameterSource]:
        """Returns the value and where it comes from; raises SettingError."""
        value, source = super().consume_value(ctx, opts)
        if source is ParameterSource.DEFAULT and not ctx.resilient_parsing:
            chosen = chosen_profile(ctx)
            if self.key in chosen.values:
                return chosen.converted(self.key, self, ctx), ParameterSource.DEFAULT_MAP
        return value, source


@dataclass(frozen=True, slots=True)
class Setting:
    """A key of the configuration file, and the options that are made from it."""

    key: str
    parameters: tuple[str, ...]
    attributes: Mapping[str, Any] = field(repr=False)

    def option(self, **attributes: Any) -> Callable[[Command], Command]:
        """Returns a decorator that adds the option; `attributes` are click's, over the declared."""
        merged = {**self.attributes, **attributes}
        return click.option(*self.parameters, cls=SettingOption, key=self.key, **merged)

    @property
    def example(self) -> SettingOption:
        """An option of this setting that belongs to no command: its type, help and default."""
        return SettingOption(list(self.parameters), key=self.key, **self.attributes)

    @property
    def variable(self) -> str:
        """The environment variable that every command with this option reads."""
        return variable(self.key)


def declare(option: str, *parameters: str, **attributes: Any) -> Setting:
    """Returns a new setting of this option; `parameters` and `attributes` are click.option's."""
    key = option.removeprefix("--")
    assert key not in SETTINGS
    SETTINGS[key] = Setting(key, (option, *parameters), attributes)
    return SETTINGS[key]


def variable(option: str, *command: str) -> str:
    """Returns the environment variable of an option, for all commands or for one of them."""
    words = ("neurolov", *command, option.lstrip("-"))
    return "_".join(words).replace("-", "_").upper()


@dataclass(frozen=True, slots=True)
class ChosenProfile:
    """The profile whose values apply to this run, and the file that it stands in."""

    name: str
    path: Path
    values: Mapping[str, str]

    def __post_init__(self) -> None:
        known_keys(self.values, f"profile {self.name!r} of {self.path}")

    def converted(self, key: str, option: click.Option, ctx: click.Context | None) -> Any:
        """Returns a value as the option's type has it; raises SettingError.

        A relative path is relative to the file's folder.
        """
        text = self.values[key]
        if isinstance(option.type, click.Path):
            text = str(self.path.parent / Path(text).expanduser())
        try:
            return option.type(text, option, ctx)
        except click.BadParameter as error:
            raise SettingError(
                f"profile {self.name!r} of {self.path}: {key}: {error.message}"
            ) from error


def known_keys(keys: Mapping[str, object], where: str) -> None:
    """Raises SettingError, which lists all keys, where one is not that of a setting."""
    unknown = sorted(keys.keys() - SETTINGS.keys())
    if unknown:
        raise SettingError(
            f"{where}: unknown key {', '.join(unknown)}; "
            f"the known ones are {', '.join(sorted(SETTINGS))}"
        )


def chosen_profile(ctx: click.Context) -> ChosenProfile:
    """Returns the profile of this run, read once; raises ConfigurationFileError, SettingError."""
    if _CHOSEN not in ctx.meta:
        path, name = configuration_path(), chosen_name(ctx)
        ctx.meta[_CHOSEN] = ChosenProfile(name, path, Profiles.read(path).profile(name))
    found: ChosenProfile = ctx.meta[_CHOSEN]
    return found


def chosen_name(ctx: click.Context) -> str:
    """Returns the name of the profile of this run, which need not exist."""
    return str(ctx.meta.get(_PROFILE, DEFAULT_PROFILE))


class ProfileOption(click.Option):
    """The option --profile, which every command has."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(
            ["--profile"],
            metavar="NAME",
            # Options take their values from it, so it comes first.
            is_eager=True,
            expose_value=False,
            callback=_choose,
            help="Profile of the configuration file to use (`neurolov config`).",
            **attributes,
        )


def _choose(ctx: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is not None:
        ctx.meta[_PROFILE] = name
