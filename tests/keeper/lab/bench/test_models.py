"""Real models as jobs: their samples, what becomes of a measurement, and what is made of all."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

from keeper.cli.app import run
from keeper.lab.bench.models import inputs, measuring, processes
from keeper.lab.bench.models.catalogue import ENTRIES, entries
from keeper.lab.bench.models.entry import Entry, MissingModelsError, each
from keeper.lab.bench.models.exact import RefusedError, measure_exact
from keeper.lab.bench.models.figures import (
    JobClass,
    ModelFigures,
    Obstacle,
    Result,
    dumped,
    loaded,
)
from keeper.lab.bench.models.measuring import UnsettledError, patiently, slot_ms, subject_of
from keeper.lab.bench.models.processes import ModelResults, measure, measured_alone
from keeper.lab.bench.models.reference import Feeds, Reference
from kernels.trace.layout import Array
from tests.kernels.onnx.models import floats, model

SETTLED = ModelFigures(
    settled=True,
    executor="NumPy",
    snr_db=30.0,
    error=0.01,
    error_vs_ort_int8=1.1,
    seconds=0.5,
    execution_seconds=0.4,
    job_seconds=0.6,
    vs_ort=4.0,
    trace_bytes=1000,
    multiply_adds=10,
    operators=3,
    checked_share=0.05,
    wrong=False,
)
CHILD = "tests.keeper.lab.bench.measured_child"


def dense() -> onnx.ModelProto:
    """Returns y = relu(x @ w), [1, 16] by [16, 8]."""
    weights = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"], "product"),
        helper.make_node("Relu", ["p"], ["y"], "relu"),
    ]
    return model(
        nodes,
        [floats("x", "n", 16)],
        [floats("y", "n", 8)],
        [onnx.numpy_helper.from_array(weights, "w")],
    )


def rows(count: int, seed: int) -> Sequence[Feeds]:
    drawn = np.random.default_rng(seed).normal(size=(count, 1, 16)).astype(np.float32)
    return each("x", list(drawn))


DENSE = Entry("dense", lambda _: dense(), rows)


def test_every_model_has_its_name() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(set(names)) == len(names)
    assert sum(entry.shipped for entry in ENTRIES) == 14
    assert [entry.name for entry in entries("mtcnn/*")] == [
        "mtcnn/pnet",
        "mtcnn/rnet",
        "mtcnn/onet",
    ]


@pytest.mark.parametrize(
    ("drawn", "shape"),
    [
        (lambda seed: inputs.files(6, seed)[5], (1, 2048)),
        (lambda seed: inputs.speech(0.25, seed), (4000,)),
        (lambda seed: inputs.filter_banks(4, seed), (1, 4, 400)),
        (lambda seed: inputs.pictures(2, (24, 40), seed)[1], (1, 3, 24, 40)),
        (lambda seed: inputs.text_lines(2, (48, 96), seed)[1], (1, 3, 48, 96)),
    ],
    ids=["files", "speech", "filter banks", "pictures", "text"],
)
def test_inputs_follow_from_their_seed(drawn: object, shape: tuple[int, ...]) -> None:
    assert callable(drawn)
    found: Array = drawn(3)
    assert found.shape == shape
    assert np.isfinite(found).all()
    assert np.array_equal(found, drawn(3))
    assert not np.array_equal(found, drawn(4))


def test_a_short_file_is_filled_with_a_number_that_is_no_byte() -> None:
    row = inputs.files(6, 0)[5]
    assert row.max() == inputs.MISSING
    assert row[0, -1] < inputs.MISSING


def test_state_is_carried_from_run_to_run() -> None:
    nodes = [helper.make_node("Add", ["x", "state"], ["next"], "sum")]
    counter = model(nodes, [floats("x", 1), floats("state", 1)], [floats("next", 1)])

    def draw(count: int, seed: int) -> Sequence[Feeds]:
        zero = np.zeros(1, np.float32)
        return [{"x": np.array([seed + at], np.float32), "state": zero} for at in range(count)]

    entry = Entry("counter", lambda _: counter, draw, carried={"state": "next"})
    found = entry.samples(Reference(counter, threads=1), 3, 5)
    assert [float(feeds["state"][0]) for feeds in found] == [0.0, 5.0, 11.0]


def test_a_model_settles_as_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SHORTEST_SLOT", 0.1)
    figures = measure_exact(subject_of(DENSE, tmp_path))
    assert figures.settled
    assert not figures.wrong
    assert figures.snr_db > 30
    assert figures.multiply_adds == 128
    assert figures.trace_bytes > 0
    assert 0 < figures.execution_seconds <= figures.seconds


def test_a_graph_that_is_too_far_from_its_model_is_not_posted(tmp_path: Path) -> None:
    # Calibrated on small numbers, the graph cannot hold the large ones that are held out.
    def draw(count: int, seed: int) -> Sequence[Feeds]:
        return [{"x": feeds["x"] * (1000.0 if seed == 2 else 1.0)} for feeds in rows(count, seed)]

    with pytest.raises(RefusedError, match="signal-to-noise ratio"):
        measure_exact(subject_of(Entry("dense", lambda _: dense(), draw), tmp_path))


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        ("obstacle", "exact"),
        ("crash", "its process died (status 3): out of luck"),
        ("killed", "its process died (SIGKILL): "),
    ],
)
def test_a_process_tells_its_result_or_how_it_ended(
    does: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MODULE", CHILD)
    assert measured_alone(does, JobClass.EXACT, tmp_path, 60.0) == Obstacle(reason)


def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MODULE", CHILD)
    found = measured_alone("hang", JobClass.EXACT, tmp_path, 1.0)
    assert found == Obstacle("took more than 1 s and was ended")


def test_every_measurement_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "MODULE", CHILD)
    heard: list[tuple[str, JobClass, Result | None]] = []
    entry = Entry("obstacle", lambda _: dense(), rows)
    results = measure([entry], list(JobClass), tmp_path, 60.0, lambda *told: heard.append(told))
    assert results.files == {
        "obstacle": {each: Obstacle(str(each)) for each in JobClass},
    }
    assert heard == [
        ("obstacle", each, result) for each in JobClass for result in (None, Obstacle(str(each)))
    ]


def results(*files: tuple[Result, Result]) -> ModelResults:
    named = {
        f"file {number}": dict(zip(JobClass, found, strict=True))
        for number, found in enumerate(files)
    }
    return ModelResults(named, frozenset(named))


def test_shares_count_files() -> None:
    none = Obstacle("no form")
    found = results((SETTLED, none), (SETTLED, SETTLED), (none, SETTLED), (none, none))
    assert (found.settled_share, found.exact_share) == (0.75, 0.5)
    assert not found.within
    assert found.obstacles() == [
        (
            "no form",
            ["file 0 (tolerant)", "file 2 (exact)", "file 3 (exact)", "file 3 (tolerant)"],
        )
    ]
    assert results((SETTLED, none), (SETTLED, none)).within


def test_a_wrong_result_fails_the_benchmark() -> None:
    found = results((SETTLED, loaded(dumped(SETTLED).replace('"wrong": false', '"wrong": true'))))
    assert found.wrong == ["file 0 (tolerant)"]
    assert not found.within


def test_generated_models_do_not_count() -> None:
    found = ModelResults({"random": {JobClass.EXACT: SETTLED}}, frozenset())
    assert (found.settled_share, found.exact_share) == (0.0, 0.0)


@pytest.mark.parametrize("result", [SETTLED, Obstacle("why")])
def test_results_survive_the_way_between_processes(result: Result) -> None:
    assert loaded(dumped(result)) == result


@pytest.mark.parametrize("line", ["[]", "no json", '{"settled": true}'])
def test_another_line_is_no_result(line: str) -> None:
    with pytest.raises(ValueError, match=r"no result|Expecting value"):
        loaded(line)


def test_slots_are_long_enough_for_the_work() -> None:
    assert slot_ms(0.01, 1000) == 200
    assert slot_ms(3.0, 1000) == 600
    assert slot_ms(0.01, 20_000_000) == 800
    assert slot_ms(1e6, 0) == 4000


def test_missing_packages_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingModelsError, match="install it with `make models`"):
        ENTRIES[0].read(tmp_path)
    folder = tmp_path / "nowhere"
    assert run(["bench", "models", "--only", "magika/*", "--folder", str(folder)]) == 2
    assert "`make models` installs the models" in capsys.readouterr().err


def test_an_unknown_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "models", "--only", "nothing"]) == 2
    assert "no model matches 'nothing'" in capsys.readouterr().err


def test_a_job_that_ends_unpaid_is_posted_on_a_slower_chain_once() -> None:
    slots: list[int] = []

    def settle(slot: int, works_from: int) -> str:
        slots.append(slot)
        if slot < works_from:
            raise UnsettledError("voided")
        return "paid"

    assert patiently(partial(settle, works_from=0), 200) == "paid"
    assert patiently(partial(settle, works_from=800), 200) == "paid"
    with pytest.raises(UnsettledError, match="voided"):
        patiently(partial(settle, works_from=9000), 200)
    assert slots == [200, 200, 800, 200, 800]
