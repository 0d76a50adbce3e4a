import json
from pathlib import Path

import pytest

from keeper.cli.app import run
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.simulation import Economics, Grid

QUICK = ["simulate", "poc", "--runs", "2000"]


@pytest.fixture
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Grid(
        collusion=(0, 2_500), lazy=(0,), splits=(4,), floors=(1_000, 10_000), kappas=(5, 100)
    )
    monkeypatch.setattr("keeper.lab.commands.simulate.GRID", grid)


def test_the_bound_is_on_the_safe_side(
    small_grid: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "poc.png"
    assert run([*QUICK, "--runs", "20000", "--json", "--out", str(picture)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["safe_side"] is True
    assert document["grid"]["unsafe"] == document["grid"]["undecided"] == []
    assert document["grid"]["closest"]["high"] < 0
    assert document["parameters"]["kappa"] == LOCALNET_PARAMETERS.job_registry.kappa
    assert document["deterrence"] == pytest.approx(1.0125)
    assert list(document["sweeps"]) == ["k", "kappa", "p", "r"]
    for sweep in document["sweeps"].values():
        for sample in sweep["samples"]:
            assert sample["worst"]["low"] <= sample["worst"]["profit"] <= sample["worst"]["high"]
    keys = document["key_choice"]
    assert keys["jobs_standing_ties_shared"] == pytest.approx(keys["fair_share"], rel=0.5)
    assert keys["runs_standing_ties_shared"] == pytest.approx(keys["fair_share"], rel=0.5)
    assert keys["jobs_arriving_ties_shared"] > 100 * keys["fair_share"]
    assert keys["runs_arriving_ties_shared"] > 50 * keys["fair_share"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_equal_seeds_simulate_equal_profits(
    small_grid: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = []
    for seed in ("4", "4", "5"):
        run([*QUICK, "--json", "--seed", seed, "--out", str(tmp_path / "poc.svg")])
        documents.append(json.loads(capsys.readouterr().out)["sweeps"])
    assert documents[0] == documents[1] != documents[2]


def test_a_bound_that_lets_a_cheat_gain_fails(
    small_grid: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Economics, "accepted", property(lambda e: e.deterrence > 0.5))
    assert run([*QUICK, "--out", str(tmp_path / "poc.png")]) == 1
    out = capsys.readouterr().out
    assert "NOT shown to be on the safe side" in out
    assert f"plot in {tmp_path / 'poc.png'}" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "poc.gif"], "error: poc.gif is neither .png nor .svg; name it so"),
        (["--out", "no/such/folder/poc.png"], "error: no/such/folder is not a folder"),
        (["--runs", "99"], "99 is not in the range x>=100"),
        (["--seed", "-1"], "-1 is not in the range x>=0"),
        (["--verifiers", "2"], "'2' is not one of '1', '3', '5'"),
    ],
)
def test_bad_input(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["simulate", "poc", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert list(tmp_path.iterdir()) == []
