"""Where an option's value comes from: flag, environment, profile, default; and `config`."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from keeper.cli.app import BAD_INPUT, cli, run
from keeper.cli.options.settings import SETTINGS, SettingOption, variable
from keeper.cli.registry import equip, leaves
from keeper.configuration import create_keypair

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home" / "config.toml"
    monkeypatch.setenv("NEUROLOV_CONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    create_keypair(Path(".neurolov/id.json"))
    return path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    return err


def reached(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Returns the key file that a real command looked for and that is not there."""
    err = refused(capsys, "job", "status", "1" * 32, *arguments)
    return err.removeprefix("error: no key file ").partition(";")[0]


def test_the_order_of_flag_variables_profile_and_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".neurolov/id.json").unlink()
    assert reached(capsys) == ".neurolov/id.json"
    told(capsys, "config", "set", "keypair", "/p")
    assert reached(capsys) == "/p"
    monkeypatch.setenv("NEUROLOV_KEYPAIR", "/e")
    assert reached(capsys) == "/e"
    monkeypatch.setenv("NEUROLOV_JOB_STATUS_KEYPAIR", "/s")
    assert reached(capsys) == "/s"
    assert reached(capsys, "--keypair", "/f") == "/f"


def test_a_variable_of_every_option_of_every_command() -> None:
    named: dict[str, tuple[tuple[str, ...], str]] = {}
    for path, command in leaves(cli):
        for option in command.params:
            if isinstance(option, click.Option) and option.opts != ["--profile"]:
                flag = max(option.opts, key=len)
                own = variable(flag, *path)
                assert option.envvar == [own, variable(flag)]
                assert own not in named, f"{own} also belongs to {named[own]}"
                named[own] = path, flag
    shared = {variable(flag) for _, flag in named.values()}
    assert not shared & (named.keys() | {variable("--profile"), "NEUROLOV_CONFIG"})


def test_every_command_takes_a_profile() -> None:
    for path, command in leaves(cli):
        assert [each for each in command.params if each.opts == ["--profile"]], path


def test_every_setting_is_an_option_of_some_command_and_of_one_kind() -> None:
    used = set()
    for path, command in leaves(cli):
        for option in command.params:
            if isinstance(option, SettingOption):
                assert type(option.type) is type(SETTINGS[option.key].example.type), path
                used.add(option.key)
    assert used == SETTINGS.keys()


def test_a_profile_is_named_by_flag_before_or_after_the_command_or_by_the_environment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(capsys, "config", "set", "poll", "2", "--profile", "slow")
    for arguments in (
        ["--profile", "slow", "config", "show"],
        ["config", "show", "--profile=slow"],
    ):
        assert told(capsys, *arguments)["settings"]["poll"]["value"] == "2"
    monkeypatch.setenv("NEUROLOV_PROFILE", "slow")
    assert told(capsys, "config", "show")["profile"] == "slow"
    assert told(capsys, "config", "show", "--profile", "default")["profile"] == "default"
    assert told(capsys, "--profile", "default", "config", "show")["profile"] == "default"


def test_a_profile_gives_nothing_to_another(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "config", "set", "allow-private", "true")
    told(capsys, "config", "set", "poll", "2", "--profile", "slow")
    shown = told(capsys, "config", "show", "--profile", "slow")["settings"]
    assert shown["allow-private"] == {"value": "false", "from": "default"}


def test_show_tells_where_each_value_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    told(capsys, "config", "set", "url", NOWHERE, "fee", "0.5")
    monkeypatch.setenv("NEUROLOV_FEE", "0.7")
    shown = told(capsys, "config", "show")
    assert (shown["profile"], shown["file"]) == ("default", str(file))
    assert shown["settings"].keys() == SETTINGS.keys()
    assert shown["settings"]["url"] == {"value": NOWHERE, "from": "profile default"}
    assert shown["settings"]["fee"] == {"value": "0.7", "from": "NEUROLOV_FEE"}
    assert shown["settings"]["poll"] == {"value": "0.4", "from": "default"}
    assert shown["settings"]["owner"] == {"value": None, "from": "default"}
    assert run(["config", "show"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == f"profile default in {file}"
    assert f"url {NOWHERE} (profile default)" in lines
    assert "owner as the command has it" in lines


def test_a_path_is_kept_absolute_and_a_written_one_is_relative_to_the_file(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    told(capsys, "config", "set", "folder", "here")
    assert told(capsys, "config", "show")["settings"]["folder"]["value"] == str(
        Path("here").absolute()
    )
    file.write_text("[default]\nkeypair = 'beside'\n")
    assert reached(capsys) == str(file.parent / "beside")


def test_unset_removes_and_says_what_is_not_there(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    told(capsys, "config", "set", "poll", "2", "fee", "1")
    assert told(capsys, "config", "unset", "poll")["settings"] == {"fee": "1"}
    written = file.read_bytes()
    assert "does not set poll" in refused(capsys, "config", "unset", "fee", "poll")
    assert file.read_bytes() == written


def test_the_file_and_the_profiles_are_listed(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    assert told(capsys, "config", "path") == {"file": str(file), "exists": False}
    told(capsys, "config", "set", "poll", "2", "--profile", "slow")
    assert told(capsys, "config", "path")["exists"]
    assert told(capsys, "config", "profiles", "--profile", "slow") == {
        "file": str(file),
        "profile": "slow",
        "profiles": ["default", "slow"],
    }
    assert run(["config", "profiles"]) == 0
    assert capsys.readouterr().out == "* default\n  slow\n"


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["urll", "x"], "unknown key urll; the known ones are adapter, allow-private, "),
        (["url"], "url has no value; give KEY VALUE pairs"),
        (["poll", "soon"], "poll: 'soon' is not a valid float."),
        (["fee", "-1"], "fee: '-1' is not an amount"),
        (["owner", "me"], "owner: 'me' is not an address"),
        (["verifiers", "2"], "verifiers: '2' is not one of '1', '3', '5'."),
        (["allow-private", "perhaps"], "allow-private: 'perhaps' is not a valid boolean"),
        (["port", "65536"], "port: 65536 is not in the range 0<=x<=65535."),
    ],
)
def test_what_cannot_be_set_changes_nothing(
    capsys: pytest.CaptureFixture[str], file: Path, pairs: list[str], message: str
) -> None:
    told(capsys, "config", "set", "fee", "1")
    written = file.read_bytes()
    assert message in refused(capsys, "config", "set", "--", *pairs)
    assert file.read_bytes() == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[default]\nkeypar = 'x'\n", "unknown key keypar; the known ones are adapter, "),
        ("[default]\npoll = 'soon'\n", "poll: 'soon' is not a valid float."),
        ("[default\n", "is not a TOML file"),
    ],
)
def test_a_command_refuses_a_file_that_is_wrong(
    capsys: pytest.CaptureFixture[str], file: Path, text: str, message: str
) -> None:
    file.parent.mkdir()
    file.write_text(text)
    err = refused(capsys, "job", "status", "1" * 32)
    assert message in err
    assert str(file) in err
    # What needs no setting works, and so does finding the file.
    assert run(["config", "path"]) == run(["key", "show", ".neurolov/id.json"]) == 0


def test_an_unknown_profile_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    err = refused(capsys, "job", "status", "1" * 32, "--profile", "nobody")
    assert "no profile 'nobody', only default; make it with: neurolov config set" in err


@pytest.mark.parametrize(("value", "expected"), [("1", "true"), ("0", "false"), ("", "false")])
def test_private_addresses_need_permission(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, value: str, expected: str
) -> None:
    monkeypatch.setenv("NEUROLOV_ALLOW_PRIVATE", value)

    @click.command()
    @SETTINGS["allow-private"].option()
    def shown(allow_private: bool) -> None:
        click.echo(str(allow_private).lower())

    equip(shown, "shown")
    assert shown.main([], standalone_mode=False) is None
    assert capsys.readouterr().out.strip() == expected


def test_a_permission_that_is_neither_yes_nor_no_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEUROLOV_ALLOW_PRIVATE", "perhaps")
    err = refused(capsys, "job", "status", "1" * 32)
    assert "'perhaps' is not a valid boolean" in err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == "neurolov 0.1.0\n"
