"""The points that the tuner measures, chooses, keeps and forgets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from kernels.tuning import Space, Tuner, default_directory, fingerprint

SPACE = Space.parse({"TILE": [4, 2, 8], "GROUP": [64, 32, 128]})
COST = {"TILE": {4: 3.0, 2: 4.0, 8: 1.0}, "GROUP": {64: 2.0, 32: 0.5, 128: 5.0}}


@dataclass(frozen=True)
class Card:
    name: str = "Voodoo 2"
    driver: str = "3dfx 3.02"
    backend: str = "Vulkan"
    limits: Mapping[str, int] = field(default_factory=lambda: {"max-buffer-size": 1 << 20})


class Bench:
    """Counts the points that are measured."""

    def __init__(self, cost: Callable[[Mapping[str, int]], float]) -> None:
        self._cost = cost
        self.points: list[Mapping[str, int]] = []

    def __call__(self, point: Mapping[str, int]) -> float:
        self.points.append(point)
        return self._cost(point)


def additive(point: Mapping[str, int]) -> float:
    return sum(COST[name][value] for name, value in point.items())


def test_the_fastest_point_wins_and_is_measured_once(tmp_path: Path) -> None:
    bench = Bench(additive)
    tuner = Tuner(Card(), tmp_path)
    for _ in range(2):
        assert tuner.best("source", "1024", SPACE, bench) == {"TILE": 8, "GROUP": 32}
    assert bench.points[0] == SPACE.default
    assert len(bench.points) == len({tuple(point.values()) for point in bench.points})


def test_the_next_process_does_not_measure(tmp_path: Path) -> None:
    Tuner(Card(), tmp_path).best("source", "1024", SPACE, additive)
    bench = Bench(additive)
    assert Tuner(Card(), tmp_path).best("source", "1024", SPACE, bench)["TILE"] == 8
    assert not bench.points


@pytest.mark.parametrize(
    "card",
    [
        replace(Card(), name="Voodoo 3"),
        replace(Card(), driver="3dfx 3.03"),
        replace(Card(), backend="Metal"),
        replace(Card(), limits={"max-buffer-size": 1 << 21}),
    ],
)
def test_another_adapter_is_measured_anew(tmp_path: Path, card: Card) -> None:
    assert fingerprint(card) != fingerprint(Card())
    Tuner(Card(), tmp_path).best("source", "1024", SPACE, additive)
    bench = Bench(additive)
    Tuner(card, tmp_path).best("source", "1024", SPACE, bench)
    assert bench.points


@pytest.mark.parametrize(
    ("kernel", "shape", "space"),
    [
        ("changed source", "1024", SPACE),
        ("source", "2048", SPACE),
        ("source", "1024", Space.parse({"TILE": [4, 2, 8], "GROUP": [64, 32]})),
    ],
)
def test_another_kernel_shape_or_space_is_measured_anew(
    tmp_path: Path, kernel: str, shape: str, space: Space
) -> None:
    tuner = Tuner(Card(), tmp_path)
    tuner.best("source", "1024", SPACE, additive)
    bench = Bench(additive)
    tuner.best(kernel, shape, space, bench)
    assert bench.points


def test_the_budget_ends_the_search_with_the_best_so_far(tmp_path: Path) -> None:
    now = iter(range(100))
    tuner = Tuner(Card(), tmp_path, budget_seconds=3, clock=lambda: next(now))
    bench = Bench(additive)
    assert tuner.best("source", "1024", SPACE, bench) == {"TILE": 8, "GROUP": 64}
    assert len(bench.points) == 3


def test_points_that_cannot_run_lose_and_the_default_stays_when_none_can(tmp_path: Path) -> None:
    tuner = Tuner(Card(), tmp_path)
    some = tuner.best("a", "1", SPACE, lambda point: inf if point["TILE"] > 4 else additive(point))
    assert some == {"TILE": 4, "GROUP": 32}
    assert tuner.best("b", "1", SPACE, lambda _: inf) == SPACE.default


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"version": 1', '"version": 2'),
        lambda text: text.replace("Voodoo 2", "Voodoo 3"),
        lambda text: text.replace('"TILE": 8', '"TILE": 7'),
        lambda text: text.replace('"TILE": 8', '"SIZE": 8'),
    ],
)
def test_spoilt_file_is_ignored_and_rewritten(tmp_path: Path, spoil: Callable[[str], str]) -> None:
    Tuner(Card(), tmp_path).best("source", "1024", SPACE, additive)
    (path,) = tmp_path.iterdir()
    right = path.read_text()
    path.write_text(spoil(right))
    bench = Bench(additive)
    assert Tuner(Card(), tmp_path).best("source", "1024", SPACE, bench)["TILE"] == 8
    assert bench.points
    assert path.read_text() == right
    assert list(tmp_path.iterdir()) == [path]


def test_two_tuners_keep_each_others_findings(tmp_path: Path) -> None:
    first, second = Tuner(Card(), tmp_path), Tuner(Card(), tmp_path)
    first.best("first", "1", SPACE, additive)
    second.best("second", "1", SPACE, additive)
    (path,) = tmp_path.iterdir()
    document: dict[str, Any] = json.loads(path.read_text())
    assert len(document["findings"]) == 2


def test_folder_that_cannot_be_made_costs_only_the_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    bench = Bench(additive)
    tuner = Tuner(Card(), blocked / "folder")
    for _ in range(2):
        assert tuner.best("source", "1024", SPACE, bench)["TILE"] == 8
    assert len(bench.points) == len({tuple(point.values()) for point in bench.points})
    assert blocked.read_text() == ""


def test_files_lie_in_the_users_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    Tuner(Card()).best("source", "1024", SPACE, additive)
    assert [path.parent for path in default_directory().iterdir()] == [
        tmp_path / "neurolov" / "tuning"
    ]
