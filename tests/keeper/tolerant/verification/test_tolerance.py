"""The comparison of two tolerant outputs, against exact arithmetic with fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keeper.tolerant.verification.tolerance import (
    BLOCK,
    agree,
    first_disagreement,
    results_agree,
    ulp_distance,
)
from kernels.custom import Element, Output, Tolerance

NUMBERS = [Element.F16, Element.F32, Element.I32]
FLOATS = [Element.F16, Element.F32]
QUIET = settings(max_examples=200, deadline=None, derandomize=True, database=None)

BOUND = st.sampled_from([0.0, 2.0**-149, 1e-6, 0.5, 1.0, 2.0**127]).map(
    lambda value: float(np.float32(value))
) | st.floats(0, 2.0**127, width=32).map(abs)
TOLERANCES = st.builds(
    Tolerance, BOUND, BOUND, st.sampled_from([0, 1, 2, 255, 2**32 - 1]) | st.integers(0, 1000)
)


@st.composite
def words(draw: st.DrawFn, count: int = 1) -> tuple[Element, list[bytes]]:
    """An element type and `count` bit patterns of it, often near to each other."""
    element = draw(st.sampled_from(NUMBERS))
    top = 1 << 8 * element.size
    special = [0, top >> 1, 0x7C00, 0xFC00, 0x7E00] if element is Element.F16 else []
    if element is Element.F32:
        special = [0, top >> 1, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F7F_FFFF]
    first = draw(st.integers(0, top - 1) | st.sampled_from(special or [0, top - 1]))
    values = [first]
    for _ in range(count - 1):
        near = st.integers(-3, 3).map(lambda step: (first + step) % top)
        values.append(draw(near | st.integers(0, top - 1) | st.sampled_from(special or [first])))
    return element, [value.to_bytes(element.size, "little") for value in values]


def one(data: bytes, element: Element) -> float | int:
    value: float | int = np.frombuffer(data, element.numpy)[0].item()
    return value


@QUIET
@given(words(2), TOLERANCES)
def test_agreement_is_symmetric(case: tuple[Element, list[bytes]], tolerance: Tolerance) -> None:
    element, (a, b) = case
    assert agree(a, b, element, tolerance) == agree(b, a, element, tolerance)


@QUIET
@given(words(1), TOLERANCES)
def test_everything_agrees_with_itself(
    case: tuple[Element, list[bytes]], tolerance: Tolerance
) -> None:
    element, (a,) = case
    assert agree(a, a, element, tolerance)


@QUIET
@given(words(2), TOLERANCES, TOLERANCES)
def test_a_wider_tolerance_never_takes_an_agreement_back(
    case: tuple[Element, list[bytes]], one_tolerance: Tolerance, other: Tolerance
) -> None:
    element, (a, b) = case
    wider = Tolerance(
        max(one_tolerance.absolute, other.absolute),
        max(one_tolerance.relative, other.relative),
        max(one_tolerance.ulp, other.ulp),
    )
    if agree(a, b, element, one_tolerance):
        assert agree(a, b, element, wider)


@QUIET
@given(words(2), TOLERANCES)
@example((Element.F32, [bytes.fromhex("ffff7f7f"), bytes.fromhex("0000807f")]), Tolerance(ulp=9))
def test_the_rule_is_the_one_that_is_stated(
    case: tuple[Element, list[bytes]], tolerance: Tolerance
) -> None:
    element, (a, b) = case
    left, right = one(a, element), one(b, element)
    found = agree(a, b, element, tolerance)
    if not (math.isfinite(left) and math.isfinite(right)):
        assert found == (left == right or (math.isnan(left) and math.isnan(right)))
        return
    difference = float(abs(Fraction(left) - Fraction(right)))
    largest = max(abs(left), abs(right))
    assert found == (
        difference <= tolerance.absolute
        or difference <= tolerance.relative * largest
        or steps(left, right, element) <= tolerance.ulp
    )


def steps(left: float, right: float, element: Element) -> int:
    """Representable numbers from one finite number to the other, by way of their grid."""
    if element is Element.I32:
        return int(abs(Fraction(left) - Fraction(right)))
    return abs(position(left, element) - position(right, element))


def position(value: float, element: Element) -> int:
    """How many representable numbers lie between zero and value, with its sign."""
    digits, lowest = (10, -14) if element is Element.F16 else (23, -126)
    if value == 0:
        return 0
    exponent = max(math.frexp(abs(value))[1] - 1, lowest)
    mantissa = Fraction(abs(value)) / Fraction(2) ** (exponent - digits)
    assert mantissa.denominator == 1
    place: int = (exponent - lowest) * 2**digits + int(mantissa)
    return place if value > 0 else -place


@pytest.mark.parametrize("element", FLOATS)
def test_neighbours_are_one_step_apart_over_the_whole_range(element: Element) -> None:
    kind = element.numpy.type
    top = np.finfo(kind).max
    random = np.random.default_rng(3)
    bits = np.uint16 if element is Element.F16 else np.uint32
    start = random.integers(0, np.iinfo(bits).max, 5_000, dtype=bits).view(kind)
    start = np.concatenate([start[np.isfinite(start)], np.array([0.0, -0.0, 1.0, -1.0], kind)])
    start = start[np.abs(start) < top]
    above = np.nextafter(start, kind(np.inf))
    assert (ulp_distance(start, above, element) == 1).all()
    assert (ulp_distance(above, start, element) == 1).all()
    ends = ulp_distance(np.array([-top], kind), np.array([top], kind), element)
    assert ends[0] == 2 * position(float(top), element)


def test_both_zeros_are_equal() -> None:
    plus, minus = np.array([0.0], "<f4").tobytes(), np.array([-0.0], "<f4").tobytes()
    assert agree(plus, minus, Element.F32, Tolerance())


@pytest.mark.parametrize("element", FLOATS)
def test_no_tolerance_makes_up_for_infinity_or_nan(element: Element) -> None:
    widest = Tolerance.from_bits(0x7F7F_FFFF, 0x7F7F_FFFF, 2**32 - 1)
    top = float(np.finfo(element.numpy.type).max)
    kinds = {"inf": np.inf, "-inf": -np.inf, "nan": np.nan, "top": top, "-top": -top, "zero": 0.0}
    finite = {"top", "-top", "zero"}
    for name, value in kinds.items():
        for other, against in kinds.items():
            a, b = (np.array([each], element.numpy).tobytes() for each in (value, against))
            expected = name == other or {name, other} <= finite
            assert agree(a, b, element, widest) == expected, (name, other)


def test_a_nan_agrees_whatever_its_payload() -> None:
    quiet, signalling = (np.array([bits], "<u4").tobytes() for bits in (0x7FC0_0000, 0xFFC0_0123))
    assert agree(quiet, signalling, Element.F32, Tolerance())


def test_each_bound_alone_suffices() -> None:
    a, b = np.array([1000.0], "<f4").tobytes(), np.array([1000.0 + 2**-13], "<f4").tobytes()
    assert not agree(a, b, Element.F32, Tolerance())
    assert agree(a, b, Element.F32, Tolerance(absolute=2.0**-13))
    assert not agree(a, b, Element.F32, Tolerance(absolute=2.0**-14))
    assert agree(a, b, Element.F32, Tolerance(relative=2.0**-22))
    assert not agree(a, b, Element.F32, Tolerance(relative=2.0**-24))
    assert agree(a, b, Element.F32, Tolerance(ulp=2))
    assert not agree(a, b, Element.F32, Tolerance(ulp=1))


def test_integers_do_not_wrap() -> None:
    low, high = (np.array([end], "<i4").tobytes() for end in (-(2**31), 2**31 - 1))
    assert not agree(low, high, Element.I32, Tolerance(ulp=2**32 - 2))
    assert agree(low, high, Element.I32, Tolerance(ulp=2**32 - 1))


def test_bytes_agree_when_they_are_equal() -> None:
    assert agree(b"abc", b"abc", Element.BYTES, Tolerance())
    assert first_disagreement(b"abcd", b"abxy", Element.BYTES, Tolerance()) == 2
    assert not agree(b"abc", b"abcd", Element.BYTES, Tolerance())


def test_the_first_of_several_disagreements_is_found_beyond_a_block() -> None:
    a = np.zeros(BLOCK + 100, "<f4")
    b = a.copy()
    b[[BLOCK + 7, BLOCK + 9]] = 1
    tolerance = Tolerance(absolute=0.5)
    assert first_disagreement(a.tobytes(), b.tobytes(), Element.F32, tolerance) == BLOCK + 7
    assert agree(a.tobytes(), a.tobytes(), Element.F32, tolerance)


@pytest.mark.parametrize(("a", "b"), [(bytes(4), bytes(8)), (bytes(3), bytes(3))])
def test_lengths_that_cannot_be_compared_are_refused(a: bytes, b: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        first_disagreement(a, b, Element.F32, Tolerance())
    assert not agree(bytes(4), bytes(8), Element.F32, Tolerance())


@QUIET
@given(
    pairs=st.lists(words(count=2), min_size=1, max_size=4), bounds=st.lists(TOLERANCES, min_size=4)
)
def test_results_agree_when_every_output_does_by_its_own_tolerance(
    pairs: list[tuple[Element, list[bytes]]], bounds: list[Tolerance]
) -> None:
    outputs = [
        Output(str(at), element.size, element, bound)
        for at, ((element, _), bound) in enumerate(zip(pairs, bounds, strict=False))
    ]
    a, b = (b"".join(values[side] for _, values in pairs) for side in (0, 1))
    expected = all(
        agree(values[0], values[1], element, output.tolerance)
        for (element, values), output in zip(pairs, outputs, strict=True)
    )
    assert results_agree(a, b, outputs) == results_agree(b, a, outputs) == expected
    assert not results_agree(a, b + b[-1:], outputs)
