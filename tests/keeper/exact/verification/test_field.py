from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.exact.verification import CheckCost, field

PRIME = field.PRIME
elements = st.integers(0, PRIME - 1) | st.sampled_from([0, 1, PRIME - 1, 2**60])


@st.composite
def products(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]], Any]:
    rows, terms, columns = (draw(st.integers(1, 5)) for _ in range(3))
    dtype: Any = draw(st.sampled_from([np.int8, np.int16, np.int32]))
    info = np.iinfo(dtype)
    integers = st.integers(info.min, info.max) | st.sampled_from([info.min, info.max])
    left = [[draw(elements) for _ in range(terms)] for _ in range(rows)]
    right = [[draw(integers) for _ in range(columns)] for _ in range(terms)]
    return left, right, dtype


@given(products())
def test_multiply_equals_integer_arithmetic(
    case: tuple[list[list[int]], list[list[int]], Any],
) -> None:
    left, right, dtype = case
    found = field.multiply(np.array(left, np.uint64), np.array(right, dtype), CheckCost())
    expected = [
        [
            sum(a * b for a, b in zip(row, column, strict=True)) % PRIME
            for column in zip(*right, strict=True)
        ]
        for row in left
    ]
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("dtype", "value"), [(np.int8, -128), (np.int32, -(2**31)), (np.int32, 2**31 - 1)]
)
def test_the_largest_sums_stay_exact(dtype: Any, value: int) -> None:
    terms = 5000
    left = np.full((1, terms), PRIME - 1, np.uint64)
    found = field.multiply(left, np.full((terms, 2), value, dtype), CheckCost())
    assert found.tolist() == [[-value * terms % PRIME] * 2]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("terms", "columns"), [(600, 1000), (1000, 600), (40, 9000)])
def test_every_way_of_cutting_a_large_matrix_gives_the_same(
    order: Any, terms: int, columns: int
) -> None:
    rng = np.random.default_rng(terms)
    left = field.random_elements(terms)[np.newaxis]
    right = rng.integers(-(2**31), 2**31, (terms, columns)).astype(np.int32, order=order)
    found = field.multiply(left, right, CheckCost())[0]
    for column in (0, columns // 2, columns - 1):
        pairs = zip(left[0].tolist(), right[:, column].tolist(), strict=True)
        assert int(found[column]) == sum(a * b for a, b in pairs) % PRIME


@pytest.mark.parametrize("terms", [1, 300, 5000])
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_multiply_adds_are_counted_as_estimated(terms: int, dtype: Any) -> None:
    cost = CheckCost()
    right = np.full((terms, 3), np.iinfo(dtype).min, dtype)
    field.multiply(np.ones((2, terms), np.uint64), right, cost)
    assert cost.macs == field.limb_products(2, terms, 3)


@given(st.lists(elements, min_size=1), st.integers(0, 3))
def test_limbs_are_the_digits_of_an_element(values: list[int], more: int) -> None:
    rows = np.array([values] * (1 + more), np.uint64)
    low, middle, high = field.limbs(rows).astype(np.uint64).reshape(3, *rows.shape)
    assert np.array_equal(low + (middle << 21) + (high << 42), rows)
    assert max(map(int, (low.max(), middle.max()))) < 1 << 21
    assert int(high.max()) < 1 << 19


@given(products())
def test_sums_add_subtract_and_keep_to_their_columns(
    case: tuple[list[list[int]], list[list[int]], Any],
) -> None:
    left, right, dtype = case
    factor, matrix = field.limbs(np.array(left, np.uint64)), np.array(right, dtype)
    rows, columns = len(left), matrix.shape[1]
    product = field.multiply(np.array(left, np.uint64), matrix, CheckCost())
    sums = field.Sums(rows, columns + 2)
    sums.add(factor, matrix, CheckCost(), first=2)
    assert np.array_equal(sums.elements()[:, 2:], product)
    assert not sums.elements()[:, :2].any()
    sums.add(-factor, matrix, CheckCost(), first=2)
    assert not sums.elements().any()
    sums.add(factor, matrix, CheckCost())
    sums.subtract(product)
    assert not sums.elements().any()


def test_sums_stay_exact_beyond_what_an_int64_could_hold_unreduced() -> None:
    terms, times = 4096, 3 * field.SUMS_BEFORE_REDUCTION
    left = field.limbs(np.full((1, terms), PRIME - 1, np.uint64))
    right = np.full((terms, 1), -(2**31), np.int32)
    sums, once = field.Sums(1, 1), 2**31 * terms
    for _ in range(times // (terms // 2)):
        sums.add(left, right, CheckCost())
    found = int(sums.elements()[0, 0])
    assert found == once * (times // (terms // 2)) % PRIME


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1))
def test_reduce_gives_the_canonical_representative(values: list[int]) -> None:
    assert field.reduce(np.array(values, np.uint64)).tolist() == [value % PRIME for value in values]


@given(st.lists(elements, min_size=1))
def test_total_equals_the_sum(values: list[int]) -> None:
    assert field.total(np.array(values, np.uint64)) == sum(values) % PRIME


def test_random_elements_are_below_the_prime_and_differ() -> None:
    drawn = field.random_elements(1000)
    assert int(drawn.max()) < PRIME
    assert len(set(drawn.tolist())) == 1000
