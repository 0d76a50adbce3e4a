"""Commands found through entry points: listed unimported, loaded on use, told apart when broken."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from keeper.cli.app import BAD_INPUT, FAILED, run
from keeper.cli.registry import GROUP

Install = Callable[[str, str, str], None]

WORKING = '''
import click


@click.command()
def greet() -> None:
    """Say hello to whoever asks. Not shown in the list."""
    click.echo("hello")
'''
MISSING_DEPENDENCY = '''
import a_library_that_is_not_installed


def greet() -> None:
    """Say hello."""
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Installs a distribution of this name whose command `greet` has this source."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(distribution: str, module: str, source: str) -> None:
        information = tmp_path / f"{distribution}-1.0.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", "utf-8"
        )
        (information / "entry_points.txt").write_text(
            f"[{GROUP}]\ngreet = {module}:greet\n", "utf-8"
        )
        if source:
            (tmp_path / f"{module}.py").write_text(source, "utf-8")

    return add


def test_a_command_is_listed_with_its_first_sentence_and_not_imported(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("greetings", "greetings_listed", WORKING)
    assert run(["--help"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert lines["greet"].split(maxsplit=1)[1] == "Say hello to whoever asks."
    assert lines["key"].split(maxsplit=1)[1] == "Create and show key files."
    assert "greetings_listed" not in sys.modules


def test_a_command_of_another_distribution_runs(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("greetings", "greetings_working", WORKING)
    assert run(["greet"]) == 0
    assert capsys.readouterr().out == "hello\n"


def test_a_command_that_nobody_registers_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["greet"]) == BAD_INPUT
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Error: No such command 'greet'. If it belongs to a distribution of its own, such as "
        "neurolov-lab, install that."
    )


def test_a_command_without_its_dependency_names_its_distribution(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("greetings", "greetings_dependent", MISSING_DEPENDENCY)
    assert run(["greet"]) == FAILED
    assert capsys.readouterr().err == (
        "error: the command 'greet' of greetings cannot be loaded: "
        "No module named 'a_library_that_is_not_installed'\n"
    )
    assert run(["key", "--help"]) == 0


def test_a_command_whose_module_is_gone_is_told_in_the_list_and_on_use(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("greetings", "greetings_gone", "")
    assert run(["--help"]) == 0
    assert "Cannot be loaded; reinstall greetings." in capsys.readouterr().out
    assert run(["greet"]) == FAILED
    assert capsys.readouterr().err == (
        "error: the command 'greet' of greetings cannot be loaded: "
        "No module named 'greetings_gone'\n"
    )


def test_what_is_no_command_is_refused(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("greetings", "greetings_wrong", "greet = 7\n")
    assert run(["greet"]) == FAILED
    assert capsys.readouterr().err == (
        "error: 'greetings_wrong:greet' of greetings is not a command but int\n"
    )


def test_two_distributions_with_one_command_are_both_named(
    install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    install("greetings", "greetings_one", WORKING)
    install("salutations", "greetings_two", WORKING)
    assert run(["greet"]) == FAILED
    assert capsys.readouterr().err == (
        "error: greetings and salutations both register the command 'greet'; "
        "uninstall one of them\n"
    )
