"""The benchmark of float networks computes what onnxruntime computes, on small images."""

import pytest

from keeper.lab.bench.float_networks import measure_networks
from kernels.runtime import list_adapters


@pytest.mark.skipif(not list_adapters(), reason="no GPU adapter")
def test_a_network_agrees_with_onnxruntime_in_fewer_dispatches() -> None:
    told: list[str] = []
    found = measure_networks(None, 1, told.append, ["resnet"], size=32)
    assert told == list(found) == ["resnet"]
    figures = found["resnet"]
    assert figures.error < 1e-4
    assert figures.dispatches < figures.unfused_dispatches
    assert figures.as_json()["vs_ort"] == figures.seconds / figures.onnxruntime_seconds
