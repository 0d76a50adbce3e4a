"""The configuration file: read, changed and written; malformed ones refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.configuration import ConfigurationFileError, Profiles, configuration_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "config.toml"


def test_no_file_is_one_empty_profile(path: Path) -> None:
    found = Profiles.read(path)
    assert (found.names(), found.profile("default")) == (["default"], {})
    assert not path.parent.exists()


def test_what_is_written_is_read(path: Path) -> None:
    Profiles.read(path).with_values("buyer", {"url": "http://x", "poll": "1"}).write()
    Profiles.read(path).with_values("buyer", {"poll": "2"}).with_values("b", {"fee": "0.5"}).write()
    found = Profiles.read(path)
    assert found.values == {"buyer": {"url": "http://x", "poll": "2"}, "b": {"fee": "0.5"}}
    assert found.names() == ["b", "buyer", "default"]


@given(text=st.text(st.characters(codec="utf-8")))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "config.toml"
    Profiles(path, {}).with_values("default", {"url": text}).write()
    assert Profiles.read(path).profile("default") == {"url": text}


def test_numbers_and_booleans_are_text(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("[default]\npoll = 0.5\nport = 7000\nallow-private = true\ntasks = false\n")
    assert Profiles.read(path).profile("default") == {
        "poll": "0.5",
        "port": "7000",
        "allow-private": "true",
        "tasks": "false",
    }


def test_a_profile_goes_with_its_last_value(path: Path) -> None:
    found = Profiles(path, {"buyer": {"url": "x", "fee": "1"}, "other": {"fee": "2"}})
    assert found.without("buyer", ["url"]).values["buyer"] == {"fee": "1"}
    assert found.without("buyer", ["url", "fee"]).values == {"other": {"fee": "2"}}


def test_what_is_not_set_cannot_be_removed(path: Path) -> None:
    with pytest.raises(ConfigurationFileError, match=r"profile 'default' of .* does not set url"):
        Profiles(path, {}).without("default", ["url"])


def test_an_unknown_profile_is_told_with_the_known_ones(path: Path) -> None:
    with pytest.raises(ConfigurationFileError, match="no profile 'sell', only buyer, default;"):
        Profiles(path, {"buyer": {}}).profile("sell")


@pytest.mark.parametrize("name", ["", "a b", "a.b", 'a"', "ä"])
def test_a_name_that_no_profile_may_have(path: Path, name: str) -> None:
    with pytest.raises(ConfigurationFileError, match="cannot be the name of a profile"):
        Profiles(path, {}).with_values(name, {"url": "x"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[default", "is not a TOML file"),
        (b"[default]\nurl = '\xff'", "is not a TOML file"),
        (b"url = 'x'", r"url stands outside of a profile; write it below \[default\]"),
        (b"[a]\nurl = ['x']", "profile 'a' of .*: url must be a text, a number, true or false"),
        (b"[a.url]\nx = 1", "profile 'a' of .*: url must be a text, a number, true or false"),
    ],
)
def test_a_malformed_file_is_told(path: Path, text: bytes, message: str) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    with pytest.raises(ConfigurationFileError, match=message):
        Profiles.read(path)


def test_a_place_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationFileError, match="cannot be read: Is a directory"):
        Profiles.read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationFileError, match="cannot be written"):
        Profiles(tmp_path / "file" / "config.toml", {"a": {"url": "x"}}).write()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"NEUROLOV_CONFIG": "/a/b.toml", "XDG_CONFIG_HOME": "/x"}, "/a/b.toml"),
        ({"XDG_CONFIG_HOME": "/x"}, "/x/neurolov/config.toml"),
        ({"XDG_CONFIG_HOME": "x", "HOME": "/h"}, "/h/.config/neurolov/config.toml"),
        ({"HOME": "/h"}, "/h/.config/neurolov/config.toml"),
    ],
)
def test_the_place_of_the_file(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in ("NEUROLOV_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert configuration_path() == Path(expected)
