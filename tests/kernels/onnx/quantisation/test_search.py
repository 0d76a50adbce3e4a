"""Ranges are cut where that costs less than the coarser steps of a wider range."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.onnx.exact import Quantisation
from kernels.onnx.quantisation.search import histogram, least_error
from kernels.trace.layout import Array


def searched(values: Array) -> tuple[float, float]:
    ends = float(values.min()), float(values.max())
    return least_error(histogram(values, ends), ends, values.size - int(np.count_nonzero(values)))


def error(values: Array, ends: tuple[float, float]) -> float:
    """Returns the mean square error of 8 bits over a range."""
    form = Quantisation.covering(*ends)
    codes = form.of(values).astype(np.float64)
    return float(np.mean(np.square((codes - form.zero_point) * form.scale - values)))


def test_a_range_without_outliers_is_kept_whole() -> None:
    values = np.linspace(-1, 3, 10_000)
    assert searched(values) == (-1.0, 3.0)


def test_a_rare_outlier_is_cut_off() -> None:
    values = np.append(np.random.default_rng(0).normal(0, 1, 2_000_000), 30.0)
    low, high = searched(values)
    assert low <= -3
    assert 3 <= high < 10
    assert error(values, (low, high)) < error(values, (values.min(), 30.0)) / 3


def test_an_outlier_that_costs_too_much_is_kept() -> None:
    values = np.append(np.random.default_rng(0).normal(0, 1, 100), 30.0)
    assert searched(values)[1] == 30.0


def test_zeros_do_not_pull_a_range_in() -> None:
    values = np.concatenate([np.zeros(10**6), np.linspace(0, 8, 2_000)])
    assert searched(values) == (0.0, 8.0)


@pytest.mark.parametrize(("low", "high"), [(2.0, 3.0), (-3.0, -2.0)])
def test_a_range_beside_zero_still_covers_its_values(low: float, high: float) -> None:
    values = np.linspace(low, high, 1_000)
    found = searched(values)
    assert error(values, found) <= error(values, (low, high)) * 1.1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 4), st.floats(-2, 2))
def test_a_searched_range_is_never_much_worse(seed: int, tail: float, offset: float) -> None:
    generator = np.random.default_rng(seed)
    values = offset + generator.standard_t(2 + tail, 4_000)
    ends = float(values.min()), float(values.max())
    low, high = searched(values)
    assert ends[0] <= low <= high <= ends[1]
    assert error(values, (low, high)) <= error(values, ends) * 1.1
