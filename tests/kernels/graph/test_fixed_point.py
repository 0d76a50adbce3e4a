"""Multiplier and shift equal the factor to 31 bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.graph import GraphError
from kernels.graph.fixed_point import fixed_point


@given(st.floats(2.0**-31, 2.0**29, exclude_max=True))
def test_it_is_the_nearest(factor: float) -> None:
    (multiplier,), (shift,) = fixed_point(np.array([factor]))
    assert 1 <= multiplier < 2**31
    assert 1 <= shift <= 62
    assert abs(multiplier / 2.0**shift / factor - 1) <= 2.0**-31


@given(st.floats(2.0**-100, 2.0**-32))
def test_a_tiny_factor_keeps_what_the_shift_allows(factor: float) -> None:
    (multiplier,), (shift,) = fixed_point(np.array([factor]))
    assert multiplier == max(1, np.rint(factor * 2.0**62))
    assert shift == 62


@pytest.mark.parametrize("factor", [0.0, -1.0, 2.0**29, np.nan, np.inf])
def test_a_factor_that_has_none_is_refused(factor: float) -> None:
    with pytest.raises(GraphError, match=r"outside 0..2\^29"):
        fixed_point(np.array([1.0, factor]))
