"""Exact linear algebra modulo the Mersenne prime 2^61 - 1, on top of float64 matrix products.

A field element is cut into limbs of 21 bits, and a product is summed over so few terms at a time
that every partial sum stays below 2^53, where float64 is exact in any order of summation; so BLAS
does the work and no rounding can occur. Integers become floats a block at a time, in the cache.
"""

import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from keeper.exact.verification.cost import CheckCost

BITS = 61
PRIME = (1 << BITS) - 1
LIMB_BITS = 21
LIMBS = 3
# Sums of so many bits are exact in float64; 2^61 and 2^9 of them still fit int64.
EXACT_BITS = 53
SUMS_BEFORE_REDUCTION = 1 << 9
# The elements of `right` that are floats at one time: they fit the second level cache.
BLOCK = 1 << 17
BLOCK_ROWS = 256
LONGEST_COLUMN = 1 << 12

Elements = npt.NDArray[np.uint64]
Integers = npt.NDArray[Any]
Limbs = npt.NDArray[np.float64]
Randomness = Callable[[int], Elements]


def random_elements(count: int) -> Elements:
    """Returns uniform field elements uint64[count] from the operating system's generator."""
    drawn = np.frombuffer(secrets.token_bytes(8 * count), np.uint64) >> np.uint64(64 - BITS)
    while (outside := np.flatnonzero(drawn == PRIME)).size:
        drawn[outside] = random_elements(outside.size)
    return drawn


def limbs(elements: Elements) -> Limbs:
    """Returns elements[R, N] as float64[3R, N]: the lowest limbs of all rows, middle, highest."""
    mask = np.uint64((1 << LIMB_BITS) - 1)
    cut = [(elements >> np.uint64(LIMB_BITS * limb)) & mask for limb in range(LIMBS)]
    return np.concatenate(cut).astype(np.float64)


class Sums:
    """Sums of products by the limbs of a left factor, reduced modulo p only at the end."""

    def __init__(self, rows: int, columns: int) -> None:
        self._values = np.zeros((LIMBS * rows, columns), np.int64)
        self._pending = 0

    def add(self, left: Limbs, right: Integers, cost: CheckCost, *, first: int = 0) -> None:
        """Add left[3R, N] @ right[N, M] to M columns, from `first` on.

        left may be negative; right is int8, int16 or int32.
        """
        terms, columns = right.shape
        height, width = _block_shape(right)
        for at in range(0, columns, width):
            for top in range(0, terms, height):
                block = right[top : top + height, at : at + width]
                self._add_block(left[:, top : top + height], block, first + at)
        cost.macs += left.shape[0] * terms * columns

    def subtract(self, elements: Elements) -> None:
        """Subtract elements[R, M] from the first M columns."""
        self._make_room()
        self._values[:, : elements.shape[1]] -= limbs(elements).astype(np.int64)

    def elements(self) -> Elements:
        """Returns the sums modulo p as uint64[R, M]."""
        prime = np.uint64(PRIME)
        parts = self._values.reshape(LIMBS, -1, self._values.shape[1])
        combined = np.zeros(parts.shape[1:], np.uint64)
        for limb, values in enumerate(parts):
            element = np.mod(values, PRIME).astype(np.uint64)
            shift = np.uint64(LIMB_BITS * limb)
            # 2^61 is 1 modulo p, so a shift is a rotation of 61 bits.
            combined += ((element << shift) & prime) | (element >> (np.uint64(BITS) - shift))
        return reduce(combined)

    def _add_block(self, left: Limbs, right: Integers, at: int) -> None:
        # Transposed blocks stay transposed: BLAS takes both, and a copy would cost more.
        floats = right.astype(np.float64)
        exact = (1 << EXACT_BITS - LIMB_BITS) // _largest(right)
        for top in range(0, right.shape[0], exact):
            self._make_room()
            product = left[:, top : top + exact] @ floats[top : top + exact]
            self._values[:, at : at + right.shape[1]] += product.astype(np.int64)

    def _make_room(self) -> None:
        self._pending += 1
        if self._pending == SUMS_BEFORE_REDUCTION:
            self._values %= PRIME
            self._pending = 1


def multiply(left: Elements, right: Integers, cost: CheckCost) -> Elements:
    """Returns left[R, N] @ right[N, M] modulo p as uint64[R, M]; right is int8, int16 or int32."""
    sums = Sums(left.shape[0], right.shape[1])
    sums.add(limbs(left), right, cost)
    return sums.elements()


def limb_products(rows: int, terms: int, columns: int) -> int:
    """Returns the multiply-adds that `multiply` takes."""
    return LIMBS * rows * terms * columns


def reduce(values: Elements) -> Elements:
    """Returns the canonical representatives, below p, of any uint64 values."""
    prime = np.uint64(PRIME)
    folded = (values & prime) + (values >> np.uint64(BITS))
    return np.where(folded >= prime, folded - prime, folded)


def total(values: Elements) -> int:
    """Returns the sum of field elements modulo p."""
    low = int(np.sum(values & np.uint64(0xFFFFFFFF), dtype=np.uint64))
    high = int(np.sum(values >> np.uint64(32), dtype=np.uint64))
    return (low + (high << 32)) % PRIME


def _block_shape(right: Integers) -> tuple[int, int]:
    """Returns the rows and columns of a block, long in the direction of the matrix's memory."""
    terms = right.shape[0]
    by_column = right.strides[0] < right.strides[1]
    height = min(terms, LONGEST_COLUMN if by_column else BLOCK_ROWS)
    return height, max(1, BLOCK // height)


def _largest(values: Integers) -> int:
    """Returns a bound of the absolute values, at least 1.

    The values are read only where the bound of their type is too wide.
    """
    if values.itemsize < 4:
        return 1 << 8 * values.itemsize - 1
    return max(int(values.max()), -int(values.min()), 1)
