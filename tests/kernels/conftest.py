"""Executors on every adapter of this machine; tests skip only where there is none."""

from collections.abc import Callable
from functools import cache

import pytest

from kernels.graph.reference import Executor, NumpyExecutor
from kernels.runtime import Adapter, GpuExecutor, list_adapters

ADAPTERS = [pytest.param(adapter, id=adapter.name) for adapter in list_adapters()] or [
    pytest.param(None, marks=pytest.mark.skip(reason="no GPU adapter"), id="no adapter")
]


@pytest.fixture(scope="session")
def opened() -> Callable[[Adapter], GpuExecutor]:
    """Returns one executor per adapter; its pipelines and buffers are kept for the whole run."""
    return cache(GpuExecutor)


@pytest.fixture(params=ADAPTERS, scope="session")
def gpu(request: pytest.FixtureRequest, opened: Callable[[Adapter], GpuExecutor]) -> GpuExecutor:
    """Returns the executor of each adapter in turn."""
    return opened(request.param)


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Returns each adapter in turn, for tests that open or break an executor of their own."""
    found: Adapter = request.param
    return found


@pytest.fixture(params=[pytest.param("numpy", id="numpy"), *ADAPTERS])
def executor(request: pytest.FixtureRequest, opened: Callable[[Adapter], GpuExecutor]) -> Executor:
    """Returns the NumPy executor, then the executor of each adapter."""
    return NumpyExecutor() if request.param == "numpy" else opened(request.param)
