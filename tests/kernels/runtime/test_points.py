"""Every point of a tuning space gives the twin's bits."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernels.exact import operators
from kernels.graph import Descriptor, GraphBuilder, Opcode
from kernels.graph.reference import execute
from kernels.runtime import Adapter, GpuExecutor, pipelines
from kernels.runtime.shader import load_shader
from kernels.tuning import Tuner
from tests.kernels.cases import CASES
from tests.kernels.running import assert_equal_bits


class Fixed:
    """Replaces the search and returns a given point."""

    def __init__(self, executor: GpuExecutor, patch: pytest.MonkeyPatch) -> None:
        self.executor = executor
        self.point: Mapping[str, int] = {}
        patch.setattr(executor._pipelines, "point", self._choose)

    def _choose(self, descriptor: Descriptor, bound: Sequence[Any]) -> Mapping[str, int]:
        return self.point if load_shader(descriptor.opcode).space.values else {}


@pytest.fixture(scope="module")
def fixed(gpu: GpuExecutor) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield Fixed(GpuExecutor(gpu.adapter), patch)


@pytest.mark.parametrize(
    "opcode",
    [opcode for opcode in Opcode if load_shader(opcode).space.values],
    ids=lambda opcode: opcode.name.lower(),
)
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(data=st.data())
def test_any_point_gives_the_twins_bits(fixed: Fixed, opcode: Opcode, data: st.DataObject) -> None:
    points = list(load_shader(opcode).space.points())
    fixed.point = data.draw(st.sampled_from(points), label="point")
    graph, inputs = data.draw(CASES[opcode]())
    found = fixed.executor.execute(graph, inputs)
    assert_equal_bits(graph, execute(graph, inputs), found)


def test_work_worth_a_search_is_searched_once_and_stays_right(
    adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators()[Opcode.MATMUL], "tuned_from", 1 << 20)
    monkeypatch.setattr(pipelines, "SAMPLED_MULTIPLY_ADDS", 1 << 18)
    random = np.random.default_rng(9)
    build = GraphBuilder()
    product = build.matmul(build.input((130, 200)), random.integers(-128, 128, (70, 200), np.int8))
    build.relu(build.requantise(product, 3, 9))
    graph = build.build()
    x = random.integers(-128, 128, graph.inputs[0].shape, np.int8)
    for _ in range(2):
        own = GpuExecutor(adapter, tuner=Tuner(adapter, tmp_path, budget_seconds=0))
        assert_equal_bits(graph, execute(graph, [x]), own.execute(graph, [x]))
        (path,) = tmp_path.iterdir()
        assert path.read_text().count("TILE_ROWS") == 1


def test_rows_worth_a_search_are_searched(
    adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators()[Opcode.SOFTMAX], "tuned_from", 1 << 12)
    build = GraphBuilder()
    build.softmax(build.input((64, 128)), 3000, 9)
    graph = build.build()
    x = np.random.default_rng(10).integers(-128, 128, graph.inputs[0].shape, np.int8)
    own = GpuExecutor(adapter, tuner=Tuner(adapter, tmp_path))
    assert_equal_bits(graph, execute(graph, [x]), own.execute(graph, [x]))
    (path,) = tmp_path.iterdir()
    assert path.read_text().count("LANE_ELEMENTS") == 1
