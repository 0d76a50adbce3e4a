"""Amounts as people read them."""

import pytest

from keeper.amounts import nlov, sol


@pytest.mark.parametrize(
    ("units", "shown"),
    [
        (0, "0"),
        (1, "0.000000001"),
        (12_500_000_000, "12.5"),
        (10_000_000_000, "10"),
        (1_234_500_000_000, "1,234.5"),
        (-100_000_000, "-0.1"),
    ],
)
def test_amounts_have_no_zeros_at_the_end(units: int, shown: str) -> None:
    assert nlov(units) == sol(units) == shown
