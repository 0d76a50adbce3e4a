import pytest

from tests.programs.job_registry.marketplace import Marketplace


@pytest.fixture
def market() -> Marketplace:
    """A fresh marketplace."""
    return Marketplace.fresh()
