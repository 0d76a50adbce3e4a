from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from keeper.lab.simulation import (
    SimulationInputError,
    Sweep,
    check_destination,
    sweep_all,
)
from keeper.lab.simulation.picture import draw_sweeps
from tests.keeper.lab.simulation.test_economics import LOCALNET


@pytest.fixture(scope="module")
def sweeps() -> tuple[Sweep, ...]:
    return sweep_all(LOCALNET, runs=200, rng=np.random.default_rng(5), step=lambda: None)


def test_a_png_of_four_panels(sweeps: tuple[Sweep, ...], tmp_path: Path) -> None:
    draw_sweeps(sweeps, "title", tmp_path / "poc.png")
    pixels = imread(tmp_path / "poc.png")
    assert pixels.shape == (1_080, 1_440, 4)
    quarters = [half for row in np.split(pixels, 2, axis=0) for half in np.split(row, 2, axis=1)]
    assert all(quarter.std() > 0.05 for quarter in quarters)


def test_an_svg_names_the_bound_and_is_reproducible(
    sweeps: tuple[Sweep, ...], tmp_path: Path
) -> None:
    for name in ("a.svg", "b.svg"):
        draw_sweeps(sweeps, "title", tmp_path / name)
    first, second = ((tmp_path / name).read_text() for name in ("a.svg", "b.svg"))
    assert first == second
    assert "on-chain bound" in first
    for panel in ("sampling floor p", "verifiers of a draw, k", "stake over price", "colluding"):
        assert panel in first


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("poc.gif", "is neither .png nor .svg"),
        ("poc", "is neither .png nor .svg"),
        ("missing/poc.png", "is not a folder; make it first"),
    ],
)
def test_a_place_where_no_picture_can_be(tmp_path: Path, name: str, advice: str) -> None:
    with pytest.raises(SimulationInputError, match=advice):
        check_destination(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "poc.png").mkdir()
    with pytest.raises(SimulationInputError, match=r"poc\.png is a folder; name a file"):
        check_destination(tmp_path / "poc.png")


def test_a_disk_that_refuses(
    sweeps: tuple[Sweep, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", full)
    with pytest.raises(SimulationInputError, match="cannot be written: No space left on device"):
        draw_sweeps(sweeps, "title", tmp_path / "poc.png")
