"""The cost of a dispatch counts only when all dispatches ran."""

import pytest

from kernels.runtime import Adapter, DeviceLost, dispatch_cost
from kernels.runtime.dispatch_cost import measure_dispatch_cost


def test_cost_is_a_share_of_the_runs_seconds(adapter: Adapter) -> None:
    cost = measure_dispatch_cost(adapter)
    assert 0 < cost.issued < cost.completed < 1


def test_dispatches_that_did_not_run_are_not_counted(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = dispatch_cost.SOURCE.replace("+= 1u", "+= 0u")
    monkeypatch.setattr(dispatch_cost, "SOURCE", idle)
    with pytest.raises(DeviceLost, match=r"0 dispatches ran of 1000$"):
        measure_dispatch_cost(adapter)
