"""Runs each scenario on localnet and, where its binary is on PATH, on solana-test-validator."""

import asyncio
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from xprocess import XProcess

from keeper.compute import select_executor
from keeper.configuration import Preference
from keeper.lab.commands.demonstration.report import DemoReport
from keeper.lab.commands.demonstration.story import Script, play, play_at
from tests.validator import process
from tests.validator.venue import ValidatorVenue

Play = Callable[[Script], DemoReport]

VENUES: Final = ("localnet", "validator") if process.installed() else ("localnet",)


def _told(slot: int, what: str) -> None:
    print(f"slot {slot:>4}  {what}")  # noqa: T201


@pytest.fixture(params=VENUES)
def played(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Play]:
    """Plays a script on a fresh cluster."""
    selected = select_executor(Preference.AUTO, None)
    folder = tmp_path / "keepers"
    folder.mkdir()
    if request.param == "localnet":
        yield lambda script: asyncio.run(play(script, selected, folder, _told))
        return
    xprocess: XProcess = request.getfixturevalue("xprocess")
    # The workers of a parallel run share this folder. A validator alone keeps two cores busy.
    with (tmp_path_factory.getbasetemp().parent / "validator.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with process.running(xprocess, tmp_path / "ledger") as url:
            venue = ValidatorVenue(url)
            yield lambda script: asyncio.run(play_at(venue, script, selected, folder, _told))
