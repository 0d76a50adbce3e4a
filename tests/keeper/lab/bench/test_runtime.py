"""`neurolov bench runtime`: its document, its limit, and what is measured."""

import json
from dataclasses import replace

import pytest

from keeper.cli.app import run
from keeper.lab.bench import runtime
from keeper.lab.bench.runtime import Fusion, RuntimeFigures
from keeper.lab.commands.bench import runtime as command
from kernels.runtime import AdapterUnavailable, list_adapters

FIGURES = RuntimeFigures(
    adapter="Voodoo 2",
    dispatch_seconds=12e-6,
    dispatch_completed_seconds=30e-6,
    fusion={"digits": Fusion(0.5, 0.75, dispatches=6, operators=12)},
    alone_seconds=0.5,
    overlapped_seconds=0.4,
)


@pytest.mark.parametrize(("dispatch", "status"), [(20e-6, 0), (21e-6, 1)])
def test_the_document_and_the_limit_on_a_dispatch(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    dispatch: float,
    status: int,
) -> None:
    figures = replace(FIGURES, dispatch_seconds=dispatch)
    monkeypatch.setattr(command, "select_adapter", lambda name: name)
    monkeypatch.setattr(command, "measure_runtime", lambda *_: figures)
    assert run(["bench", "runtime", "--json"]) == status
    assert json.loads(capsys.readouterr().out) == {
        "adapter": "Voodoo 2",
        "dispatch_seconds": dispatch,
        "dispatch_completed_seconds": 30e-6,
        "fusion": {
            "digits": {
                "fused_seconds": 0.5,
                "unfused_seconds": 0.75,
                "speedup": 1.5,
                "dispatches": 6,
                "operators": 12,
            }
        },
        "alone_seconds": 0.5,
        "overlapped_seconds": 0.4,
    }


def test_missing_adapter_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str | None) -> object:
        raise AdapterUnavailable(f"no adapter is named {name!r}")

    monkeypatch.setattr(command, "select_adapter", missing)
    assert run(["bench", "runtime", "--adapter", "Voodoo 2"]) == 2
    assert capsys.readouterr().err == "error: no adapter is named 'Voodoo 2'\n"


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_pairs_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "CHAIN", (8, 16, 32))
    monkeypatch.setattr(runtime, "digits_network", runtime.feed_forward)
    found = runtime.measure_runtime(list_adapters()[0], 1, lambda _: None)
    assert set(found.fusion) == {"digits", "8x16x32"}
    for fusion in found.fusion.values():
        assert (fusion.dispatches, fusion.operators) == (2, 6)
        assert min(fusion.fused_seconds, fusion.unfused_seconds) > 0
    assert min(found.alone_seconds, found.overlapped_seconds) > 0
