import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from keeper.compute import (
    AdapterMissingError,
    CapacityError,
    ComputeLane,
    RenewingExecutor,
    executor,
    select_executor,
)
from keeper.configuration import Preference
from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.runtime import AdapterUnavailable, DeviceLimit, DeviceLost
from kernels.trace.layout import Array
from tests.keeper.exact.verification.graphs import honest


@pytest.fixture
def no_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(name: str | None = None) -> None:
        raise AdapterUnavailable("there is none")

    monkeypatch.setattr(executor, "select_adapter", unavailable)


def test_numpy_is_chosen_on_demand() -> None:
    selected = select_executor(Preference.NUMPY)
    assert isinstance(selected.executor, NumpyExecutor)
    assert not selected.on_gpu
    assert selected.notice is None


@pytest.mark.usefixtures("no_adapter")
def test_without_an_adapter_auto_falls_back_and_says_so() -> None:
    selected = select_executor(Preference.AUTO)
    assert isinstance(selected.executor, NumpyExecutor)
    assert selected.notice == "NO GPU ADAPTER (there is none): going on with the NumPy executor"


@pytest.mark.usefixtures("no_adapter")
def test_without_an_adapter_gpu_is_refused() -> None:
    with pytest.raises(AdapterMissingError, match="there is none"):
        select_executor(Preference.GPU)


@pytest.mark.usefixtures("no_adapter")
def test_a_named_adapter_is_not_replaced_by_numpy() -> None:
    with pytest.raises(AdapterMissingError):
        select_executor(Preference.AUTO, "a card")


def test_the_lane_is_one_thread_and_passes_errors_on() -> None:
    async def run() -> None:
        with ComputeLane() as lane:
            names = [await lane.run(threading.get_ident) for _ in range(3)]
            assert len(set(names)) == 1
            assert names[0] != threading.get_ident()
            assert await lane.run(sorted, [2, 1], reverse=True) == [2, 1]
            with pytest.raises(ZeroDivisionError):
                await lane.run(divmod, 1, 0)

    asyncio.run(run())


class Device:
    """A device that is lost so many times before it works."""

    name = "a card"

    def __init__(self, losses: list[int]) -> None:
        self._losses = losses

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        if self._losses[0]:
            self._losses[0] -= 1
            raise DeviceLost("gone")
        return NumpyExecutor().execute(graph, inputs)

    def check_limits(self, graph: Graph) -> None:
        raise DeviceLimit(f"{len(graph.descriptors)} operators are too many")


def renewing(losses: int) -> tuple[RenewingExecutor, list[Device]]:
    remaining = [losses]
    opened: list[Device] = []

    def open_device() -> Device:
        opened.append(Device(remaining))
        return opened[-1]

    return RenewingExecutor(open_device), opened  # type: ignore[arg-type]


def test_a_lost_device_is_opened_again_and_the_job_run_once_more() -> None:
    graph, inputs, outputs = honest(2)
    executor_, opened = renewing(1)
    found = executor_.execute(graph, inputs)
    assert len(opened) == 2
    assert all(np.array_equal(*pair) for pair in zip(found, outputs, strict=True))
    assert executor_.execute(graph, inputs)
    assert len(opened) == 2


def test_a_device_that_is_lost_twice_is_given_up() -> None:
    graph, inputs, _ = honest(2)
    executor_, opened = renewing(2)
    with pytest.raises(DeviceLost):
        executor_.execute(graph, inputs)
    assert len(opened) == 2


def test_a_graph_beyond_the_adapter_is_refused() -> None:
    graph, _, _ = honest(2)
    with pytest.raises(CapacityError, match="10 operators are too many"):
        renewing(0)[0].check_limits(graph)
