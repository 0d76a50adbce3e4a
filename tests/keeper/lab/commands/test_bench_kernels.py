"""`neurolov bench kernels` at a small size: what it reports, refuses and judges."""

import json
from pathlib import Path

import numpy as np
import pytest

from keeper.cli.app import run
from keeper.lab.bench import kernels
from keeper.lab.bench.kernels import KernelFigures, names
from keeper.lab.bench.operators import OPERATORS, OperatorSubject
from kernels.floating import library
from kernels.floating.conformance import Mismatch
from kernels.floating.library import HERE
from kernels.runtime import Adapter, list_adapters
from kernels.runtime.pipelines import Pipelines
from kernels.tuning import Tuner
from tests.kernels.floating.test_library import add_folder

ADAPTERS = list_adapters()
pytestmark = pytest.mark.skipif(not ADAPTERS, reason="no GPU adapter")


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return ADAPTERS[0]


def test_every_figure_is_reported(adapter: Adapter, capsys: pytest.CaptureFixture[str]) -> None:
    status = run(
        ["bench", "kernels", "--json", "--size", "64", "--only", "copy_f32,sgd_f32,matmul_int8"]
    )
    document = json.loads(capsys.readouterr().out)
    assert document["adapter"] == adapter.name
    assert set(document["kernels"]) == {"copy_f32", "sgd_f32", "matmul_int8"}
    for name, rate in (("copy_f32", "gbps"), ("sgd_f32", "gbps"), ("matmul_int8", "gflops")):
        figures = document["kernels"][name]
        ratios = {"vs_naive", "vs_numpy"} | ({"vs_copy"} if rate == "gbps" else set())
        assert set(figures) == {rate} | ratios
        assert min(figures.values()) > 0
    assert 0 < document["dispatch_microseconds"] < document["dispatch_completed_microseconds"]
    (target,) = document["targets"]
    assert status == (0 if target["met"] else 1)


def test_added_folder_is_measured(adapter: Adapter, tmp_path: Path) -> None:
    add_folder(tmp_path)
    report = kernels.measure_kernels(
        adapter, 64, ["scaled_sum_f32"], lambda *_: None, library(HERE, tmp_path)
    )
    assert list(report.kernels) == ["scaled_sum_f32"]
    figures = report.kernels["scaled_sum_f32"]
    assert figures.gflops is None
    assert min(figures.gbps or 0, figures.vs_naive, figures.vs_numpy, figures.vs_copy or 0) > 0


def test_unknown_kernel_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "kernels", "--only", "matmul_f32,nope"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no kernel 'nope'; there are " in err


def test_unknown_adapter_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "kernels", "--adapter", "no such card"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "no adapter is named 'no such card'" in err


@pytest.mark.parametrize("name", OPERATORS)
def test_operator_and_its_naive_twin_give_the_twins_bits(adapter: Adapter, name: str) -> None:
    device = adapter.request_device()
    pipelines = Pipelines(device, 65_535, Tuner(adapter))
    subject = OperatorSubject(device, pipelines, OPERATORS[name](64))
    subject.check()
    subject.release()


def test_kernel_that_computes_something_else_is_not_measured(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "expected", lambda *_: [np.zeros(64 * 64 * 16)])
    with pytest.raises(Mismatch, match=r"^copy_f32: y\[0\] is "):
        kernels.measure_kernels(adapter, 64, ["copy_f32"], lambda *_: None)


@pytest.mark.parametrize(
    ("name", "naive", "copy", "missed"),
    [
        ("matmul_f32", 8.0, None, []),
        ("matmul_int8", 7.9, None, ["matmul_int8 vs naive"]),
        ("softmax_f32", 1.0, 0.6, []),
        ("reduction_sum_f32", 1.0, 0.59, ["reduction_sum_f32 vs copy"]),
        ("transpose_int32", 0.1, 0.1, []),
    ],
)
def test_targets_are_judged(name: str, naive: float, copy: float | None, missed: list[str]) -> None:
    figures = {name: KernelFigures(1.0, None, naive, 1.0, copy)}
    targets = kernels.judge(figures, 20.0, 1024)
    assert [target.name for target in targets if not target.met] == missed
    assert [target.name for target in kernels.judge(figures, 20.1, 64) if not target.met] == [
        "microseconds a dispatch"
    ]


def test_every_target_is_a_kernel() -> None:
    assert {*kernels.NAIVE_TARGETS, *kernels.COPY_TARGETS} <= set(names())
    assert set(library()) <= set(names())
