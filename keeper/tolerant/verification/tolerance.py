"""Whether two outputs of a tolerant kernel agree.

Nobody can prove which of two differing float results is the honest one. Providers only tell which
of the others' outputs agree with their own. The rule is symmetric, and a wider tolerance never
takes an agreement back.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.custom import Element, Output, Tolerance, split

# Comparing so many elements at a time keeps the memory small.
BLOCK = 1 << 20
_SIGN = {Element.F16: 1 << 15, Element.F32: 1 << 31}
_WORD = {Element.F16: "<u2", Element.F32: "<u4"}

Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


def results_agree(a: bytes, b: bytes, outputs: Sequence[Output]) -> bool:
    """Returns whether two results of a kernel agree in every output, each by its own tolerance.

    Results of another length agree with none.
    """
    total = sum(each.bytes for each in outputs)
    if len(a) != total or len(b) != total:
        return False
    pairs = zip(split(a, outputs), split(b, outputs), strict=True)
    return all(
        agree(left, right, output.element, output.tolerance) for (output, left), (_, right) in pairs
    )


def agree(a: bytes, b: bytes, element: Element, tolerance: Tolerance) -> bool:
    """Returns whether the outputs are equally long and every pair of elements agrees."""
    return len(a) == len(b) and first_disagreement(a, b, element, tolerance) is None


def first_disagreement(a: bytes, b: bytes, element: Element, tolerance: Tolerance) -> int | None:
    """Returns the index of the first pair of elements that does not agree, None where all do.

    Bytes agree when they are equal. Numbers a and b agree when at least one of these holds: |a - b|
    <= absolute; |a - b| <= relative * max(|a|, |b|); at most `ulp` representable numbers (for i32:
    integers) lie from one to the other, where +0 and -0 are one. Differences and products are
    float64, rounded to nearest. NaN agrees with NaN alone, whatever its payload; an infinity agrees
    with the same infinity alone. Raises ValueError unless both have the same whole number of
    elements.
    """
    if len(a) != len(b) or len(a) % element.size:
        raise ValueError(f"{len(a)} and {len(b)} bytes of {element.spoken} cannot be compared")
    left, right = np.frombuffer(a, element.numpy), np.frombuffer(b, element.numpy)
    for start in range(0, left.size, BLOCK):
        stop = start + BLOCK
        agreeing = _agreeing(left[start:stop], right[start:stop], element, tolerance)
        if not agreeing.all():
            return start + int(np.argmin(agreeing))
    return None


def ulp_distance(a: npt.NDArray[Any], b: npt.NDArray[Any], element: Element) -> Integers:
    """Returns the steps between neighbouring representable numbers from a to b.

    The distance of NaN means nothing.
    """
    distance: Integers = np.abs(_rank(a, element) - _rank(b, element))
    return distance


def _agreeing(
    a: npt.NDArray[Any], b: npt.NDArray[Any], element: Element, tolerance: Tolerance
) -> Bools:
    if element is Element.BYTES:
        same: Bools = a == b
        return same
    # A signalling NaN and inf - inf are no error here.
    with np.errstate(invalid="ignore"):
        wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
        difference = np.abs(wide_a - wide_b)
        largest = np.maximum(np.abs(wide_a), np.abs(wide_b))
        near: Bools = difference <= tolerance.absolute
        near |= difference <= tolerance.relative * largest
    near |= ulp_distance(a, b, element) <= tolerance.ulp
    # Without this the largest finite number would be one ULP from infinity.
    finite = np.isfinite(wide_a) & np.isfinite(wide_b)
    special = (wide_a == wide_b) | (np.isnan(wide_a) & np.isnan(wide_b))
    return np.where(finite, near, special)


def _rank(values: npt.NDArray[Any], element: Element) -> Integers:
    """Returns each number's position among all representable ones; both zeros have 0."""
    if element not in _SIGN:
        return values.astype(np.int64)
    sign = _SIGN[element]
    words = np.ascontiguousarray(values).view(_WORD[element]).astype(np.int64)
    return np.where(words < sign, words, sign - words)
