"""The configuration file: a TOML table per profile, which gives settings their values."""

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from keeper.errors import BadInputError
from keeper.files import replace_atomically

DEFAULT_PROFILE: Final = "default"
"""The profile that is used where none is named. It exists even if the file does not."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_HEAD: Final = "# Written by `neurolov config set`, which keeps no comments.\n"


class ConfigurationFileError(BadInputError):
    """The configuration file is malformed, or lacks the profile that was asked for."""


def configuration_path() -> Path:
    """Returns where the configuration file is.

    That is $NEUROLOV_CONFIG, or neurolov/config.toml in $XDG_CONFIG_HOME, or in ~/.config.
    """
    if named := os.environ.get("NEUROLOV_CONFIG"):
        return Path(named).expanduser().absolute()
    home = os.environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    folder = Path(home) if Path(home).is_absolute() else Path.home() / ".config"
    return folder / "neurolov" / "config.toml"


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles of one file: for each name the values of settings, as text."""

    path: Path
    values: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Returns the profiles in a file, none where there is no file.

        Raises ConfigurationFileError.
        """
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls(path, {})
        except OSError as error:
            raise ConfigurationFileError(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationFileError(f"{path} is not a TOML file: {error}") from error
        return cls(path, {name: _profile(path, name, table) for name, table in document.items()})

    def names(self) -> list[str]:
        """Returns the names of all profiles, sorted, the default one included."""
        return sorted({DEFAULT_PROFILE, *self.values})

    def profile(self, name: str) -> Mapping[str, str]:
        """Returns the values of a profile; raises ConfigurationFileError without it."""
        if name not in self.names():
            raise ConfigurationFileError(
                f"{self.path} has no profile {name!r}, only {', '.join(self.names())}; "
                f"make it with: neurolov config set KEY VALUE --profile {name}"
            )
        return self.values.get(name, {})

    def with_values(self, name: str, values: Mapping[str, str]) -> Self:
        """Returns the profiles with these values in one of them, which is made if missing.

        Raises ConfigurationFileError where the name is none that a profile may have.
        """
        if not _NAME.fullmatch(name):
            raise ConfigurationFileError(
                f"{name!r} cannot be the name of a profile; use letters, digits, - and _"
            )
        return replace(self, values={**self.values, name: {**self.values.get(name, {}), **values}})

    def without(self, name: str, keys: Iterable[str]) -> Self:
        """Returns the profiles with these keys gone from one of them, which goes once empty.

        Raises ConfigurationFileError where the profile lacks one of them.
        """
        kept = dict(self.profile(name))
        for key in keys:
            if kept.pop(key, None) is None:
                raise ConfigurationFileError(f"profile {name!r} of {self.path} does not set {key}")
        others = {each: table for each, table in self.values.items() if each != name}
        return replace(self, values={**others, name: kept} if kept else others)

    def write(self) -> None:
        """Write the file; raises ConfigurationFileError."""
        tables = (
            "\n".join([f"\n[{name}]", *(f"{key} = {_quoted(table[key])}" for key in sorted(table))])
            for name, table in sorted(self.values.items())
        )
        try:
            with replace_atomically(self.path) as file:
                file.write("\n".join([_HEAD.rstrip(), *tables, ""]).encode())
        except OSError as error:
            raise ConfigurationFileError(
                f"{self.path} cannot be written: {error.strerror}"
            ) from error


def _profile(path: Path, name: str, table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise ConfigurationFileError(
            f"{path}: {name} stands outside of a profile; write it below [{DEFAULT_PROFILE}]"
        )
    return {key: _text(path, name, key, value) for key, value in table.items()}


def _text(path: Path, name: str, key: str, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise ConfigurationFileError(
                f"profile {name!r} of {path}: {key} must be a text, a number, true or false"
            )


def _quoted(text: str) -> str:
    """Returns a TOML string. JSON escapes the same characters, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")
