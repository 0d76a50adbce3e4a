"""A transformer layer as a paid, verified job, and as a job that a provider cheats on."""

import asyncio
import sys
from pathlib import Path

import pytest

from keeper.cli.app import run
from keeper.compute import select_executor
from keeper.configuration import Preference
from keeper.lab.commands.demonstration import sentences as demonstration_sentences
from keeper.lab.commands.demonstration.report import DemoReport
from keeper.lab.commands.demonstration.sentences import sentences
from keeper.lab.commands.demonstration.story import Script, play
from keeper.lab.market.cheats import Cheat
from kernels.models.minilm import export as minilm_export
from kernels.models.minilm.network import transformer
from kernels.models.minilm.package import PACKAGES, weights
from tests.kernels.models.weights import needs_weights


def played(folder: Path, cheat: Cheat | None = None) -> DemoReport:
    script = Script(cheat=cheat, workload=sentences(layers=1))
    selected = select_executor(Preference.NUMPY)
    return asyncio.run(play(script, selected, folder, lambda slot, what: None))


@needs_weights
def test_a_transformer_layer_is_verified_and_paid(tmp_path: Path) -> None:
    report = played(tmp_path)
    assert report.failures == ()
    assert report.verdict == "accepted"
    assert report.bit_exact
    assert report.accuracy >= 0.98
    assert 0 < report.verify_ratio_macs <= 0.10


@needs_weights
def test_a_lie_inside_a_transformer_layer_is_proven(tmp_path: Path) -> None:
    report = played(tmp_path, Cheat.ZERO)
    assert report.failures == ()
    assert report.verdict == "fraud"
    assert report.proof is not None
    assert report.proof.slashed > report.proof.burned > 0


@pytest.mark.parametrize("missing", PACKAGES)
def test_without_the_extra_the_demo_says_how_to_get_it(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # This is Python's own way of making a module impossible to import, installed or not.
    monkeypatch.setitem(sys.modules, missing, None)
    # What another test has read stays cached for the tests after this one.
    monkeypatch.setattr(minilm_export, "weights", weights.__wrapped__)
    monkeypatch.setattr(demonstration_sentences, "transformer", transformer.__wrapped__)
    assert run(["demo", "--model", "minilm", "--json"]) == 2
    told = capsys.readouterr()
    assert "make minilm" in told.err
    assert missing in told.err
    assert told.out == ""
