"""`neurolov config`: the profiles of the configuration file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from keeper.cli.options.settings import (
    SETTINGS,
    ChosenProfile,
    Setting,
    chosen_name,
    chosen_profile,
)
from keeper.cli.output import answer, json_option
from keeper.configuration import Profiles, configuration_path


@click.group()
def config() -> None:
    """Keep settings in profiles, so that they need not be repeated as options.

    The name of a profile is given by --profile or NEUROLOV_PROFILE, and is `default` without them.
    A profile gives no value to another one. Files hold paths of keys, never keys.
    """


@config.command("set")
@click.argument("pairs", nargs=-1, required=True, metavar="KEY VALUE [KEY VALUE]...")
@json_option
@click.pass_context
def set_values(context: click.Context, pairs: tuple[str, ...], as_json: bool) -> None:
    """Set values of the profile, which is made if there is none of this name.

    A key is the name of an option without the dashes; `neurolov config show` lists all keys. A
    path is kept as an absolute one.
    """
    if len(pairs) % 2:
        raise click.UsageError(f"{pairs[-1]} has no value; give KEY VALUE pairs")
    name, path = chosen_name(context), configuration_path()
    given = dict(zip(pairs[::2], pairs[1::2], strict=True))
    values = _checked(name, path, {key: _absolute(key, text) for key, text in given.items()})
    Profiles.read(path).with_values(name, values).write()
    lines = [f"{key} = {values[key]}" for key in sorted(values)]
    answer(_document(name, path, values), as_json, f"profile {name} in {path}", *lines)


@config.command()
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@json_option
@click.pass_context
def unset(context: click.Context, keys: tuple[str, ...], as_json: bool) -> None:
    """Remove values from the profile. A profile without values is gone."""
    name, path = chosen_name(context), configuration_path()
    left = Profiles.read(path).without(name, keys)
    left.write()
    gone = f"profile {name} in {path} no longer sets {', '.join(keys)}"
    answer(_document(name, path, left.values.get(name, {})), as_json, gone)


@config.command()
@json_option
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Show every setting, its value and where the value comes from.

    A variable for one command alone, such as NEUROLOV_JOB_STATUS_URL, is not shown.
    """
    chosen = chosen_profile(context)
    told = {key: _told(setting, chosen) for key, setting in sorted(SETTINGS.items())}
    longest = max(map(len, SETTINGS))
    lines = [f"{key:<{longest}}  {_line(each)}" for key, each in told.items()]
    head = f"profile {chosen.name} in {chosen.path}"
    answer(_document(chosen.name, chosen.path, told), as_json, head, *lines)


@config.command()
@json_option
def path(as_json: bool) -> None:
    """Show where the configuration file is, or would be."""
    found = configuration_path()
    note = "" if found.exists() else " (there is none yet)"
    answer({"file": str(found), "exists": found.exists()}, as_json, f"{found}{note}")


@config.command()
@json_option
@click.pass_context
def profiles(context: click.Context, as_json: bool) -> None:
    """List the profiles; the one in use is marked."""
    found, name = Profiles.read(configuration_path()), chosen_name(context)
    document = {"file": str(found.path), "profile": name, "profiles": found.names()}
    lines = [f"{'*' if each == name else ' '} {each}" for each in found.names()]
    answer(document, as_json, *lines)


def _checked(name: str, path: Path, values: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the values; raises SettingError on an unknown key or a value of another type."""
    checked = ChosenProfile(name, path, values)
    for key in values:
        checked.converted(key, SETTINGS[key].example, None)
    return values


def _absolute(key: str, text: str) -> str:
    setting = SETTINGS.get(key)
    if setting is not None and isinstance(setting.example.type, click.Path):
        return str(Path(text).expanduser().absolute())
    return text


def _told(setting: Setting, chosen: ChosenProfile) -> dict[str, Any]:
    if text := os.environ.get(setting.variable):
        return {"value": text, "from": setting.variable}
    if setting.key in chosen.values:
        return {"value": chosen.values[setting.key], "from": f"profile {chosen.name}"}
    default = setting.attributes.get("default")
    value = "false" if setting.attributes.get("is_flag") else default
    return {"value": None if value is None else str(value), "from": "default"}


def _line(told: Mapping[str, Any]) -> str:
    if told["value"] is None:
        return "as the command has it"
    return f"{told['value']}  ({told['from']})"


def _document(name: str, path: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"profile": name, "file": str(path), "settings": dict(settings)}
