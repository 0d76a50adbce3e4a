"""`neurolov bench cli` measures real processes."""

import json

import pytest

from keeper.cli.app import BAD_INPUT, FAILED, run
from keeper.lab.bench.start import COMMAND_LIMIT, LIGHT_LIMIT, StartFigures, commands


def test_commands_are_measured_beside_python(capsys: pytest.CaptureFixture[str]) -> None:
    # The limits are for a machine that does nothing else, so that the status says nothing here.
    assert run(["bench", "cli", "--runs", "1", "--only", "key *", "--json"]) in {0, FAILED}
    figures = json.loads(capsys.readouterr().out)
    assert figures.keys() == {"commands", "help_seconds", "light_seconds", "python_seconds"}
    assert figures["commands"].keys() == {"key new", "key show"}
    assert figures["python_seconds"] > 0
    assert min(figures["help_seconds"], figures["light_seconds"], *figures["commands"].values()) > 0


def test_every_command_is_measured() -> None:
    assert {"job submit", "stake seat take", "bench cli", "localnet"} <= set(commands())


@pytest.mark.parametrize(
    ("light", "command", "within"),
    [
        (LIGHT_LIMIT, COMMAND_LIMIT, True),
        (LIGHT_LIMIT + 0.01, COMMAND_LIMIT, False),
        (LIGHT_LIMIT, COMMAND_LIMIT + 0.01, False),
    ],
)
def test_a_limit_is_for_all(light: float, command: float, within: bool) -> None:
    assert StartFigures(0.1, 0.2, light, {"a": 0.1, "b": command}).within is within
    assert StartFigures(0.1, light, 0.2, {"a": command, "b": 0.1}).within is within


def test_a_pattern_that_matches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "cli", "--only", "nothing"]) == BAD_INPUT
    assert "no command matches 'nothing'" in capsys.readouterr().err
