import asyncio
import threading

import pytest

from keeper.compute import (
    AdapterMissingError,
    ComputeLane,
    Preference,
    executor,
    select_executor,
)
from kernels.reference import NumpyExecutor
from kernels.runtime import AdapterUnavailable


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
