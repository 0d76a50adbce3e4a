"""Runners on every adapter of this machine."""

from functools import cache

import pytest

from kernels.floating import FloatRunner
from kernels.runtime import Adapter
from tests.kernels.conftest import ADAPTERS

_opened = cache(FloatRunner)


@pytest.fixture(params=ADAPTERS, scope="session")
def runner(request: pytest.FixtureRequest) -> FloatRunner:
    """One runner per adapter, whose pipelines are kept for the whole test run."""
    adapter: Adapter = request.param
    return _opened(adapter)
