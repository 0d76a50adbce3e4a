import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.node.decisions.fixed_point import U64_MAX, negative_ln, q32_share
from neurolov_client.bindings.job_registry import Q32_ONE


@given(st.integers(0, U64_MAX))
def test_negative_ln_follows_the_logarithm(x: int) -> None:
    expected = 64 * math.log(2) - math.log(x + 1)
    assert abs(negative_ln(x) / Q32_ONE - expected) < 2**-24


@given(st.integers(0, 64), st.integers(-1, 1))
def test_negative_ln_near_powers_of_two(power: int, offset: int) -> None:
    x = min(max(2**power - 1 + offset, 0), U64_MAX)
    expected = 64 * math.log(2) - math.log(x + 1)
    assert abs(negative_ln(x) / Q32_ONE - expected) < 2**-24


def test_negative_ln_of_one_is_zero() -> None:
    assert negative_ln(U64_MAX) == 0


@given(st.integers(0, U64_MAX), st.integers(0, U64_MAX))
def test_negative_ln_never_rises(x: int, y: int) -> None:
    low, high = sorted((x, y))
    assert negative_ln(low) >= negative_ln(high)


@given(st.integers(0, U64_MAX), st.integers(1, U64_MAX))
def test_a_share_is_floored_and_capped(numerator: int, denominator: int) -> None:
    share = q32_share(numerator, denominator)
    assert share == min(Q32_ONE, numerator * Q32_ONE // denominator)


def test_a_share_of_nothing_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        q32_share(1, 0)
