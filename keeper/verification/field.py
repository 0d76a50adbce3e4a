"""Exact linear algebra modulo the Mersenne prime 2^61 - 1, on top of float64 matrix products.

A field element is cut into limbs so narrow that every partial sum stays below 2^53, where float64
is exact in any order of summation; so BLAS does the work and no rounding can occur.
"""

import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from keeper.verification.cost import CheckCost

BITS = 61
PRIME = (1 << BITS) - 1
EXACT_BITS = 53
MIN_LIMB_BITS = 9
BLOCK = 1 << 18
MIN_BLOCK_ROWS = 32

Elements = npt.NDArray[np.uint64]
Integers = npt.NDArray[Any]
Randomness = Callable[[int], Elements]


def random_elements(count: int) -> Elements:
    """Uniform field elements uint64[count] from the operating system's generator."""
    drawn = np.frombuffer(secrets.token_bytes(8 * count), np.uint64) >> np.uint64(64 - BITS)
    while (outside := np.flatnonzero(drawn == PRIME)).size:
        drawn[outside] = random_elements(outside.size)
    return drawn


def multiply(left: Elements, right: Integers, cost: CheckCost) -> Elements:
    """left[R, N] @ right[N, M] modulo p as uint64[R, M]; right is int8 or int32."""
    terms = left.shape[1]
    magnitude = _magnitude_bits(right)
    chunk = min(terms, 1 << (EXACT_BITS - MIN_LIMB_BITS - magnitude))
    total = np.zeros((left.shape[0], right.shape[1]), np.uint64)
    for at in range(0, terms, chunk):
        part = _multiply_exactly(left[:, at : at + chunk], right[at : at + chunk], magnitude, cost)
        total = reduce(total + part)
    return total


def limb_products(rows: int, terms: int, columns: int, magnitude: int) -> int:
    """Multiply-adds that `multiply` takes when right's elements have so many bits."""
    chunk = min(terms, 1 << (EXACT_BITS - MIN_LIMB_BITS - magnitude))
    return rows * terms * columns * -(-BITS // _limb_bits(chunk, magnitude))


def reduce(values: Elements) -> Elements:
    """The canonical representatives, below p, of any uint64 values."""
    prime = np.uint64(PRIME)
    folded = (values & prime) + (values >> np.uint64(BITS))
    return np.where(folded >= prime, folded - prime, folded)


def total(values: Elements) -> int:
    """Sum of field elements modulo p."""
    low = int(np.sum(values & np.uint64(0xFFFFFFFF), dtype=np.uint64))
    high = int(np.sum(values >> np.uint64(32), dtype=np.uint64))
    return (low + (high << 32)) % PRIME


def _magnitude_bits(values: Integers) -> int:
    return max(int(values.max()), -int(values.min()), 1).bit_length()


def _limb_bits(terms: int, magnitude: int) -> int:
    return min(EXACT_BITS - magnitude - (terms - 1).bit_length(), BITS)


def _multiply_exactly(left: Elements, right: Integers, magnitude: int, cost: CheckCost) -> Elements:
    rows, terms = left.shape
    bits = _limb_bits(terms, magnitude)
    limbs = -(-BITS // bits)
    mask = np.uint64((1 << bits) - 1)
    cut = np.concatenate([(left >> np.uint64(bits * limb)) & mask for limb in range(limbs)]).astype(
        np.float64
    )
    columns = right.shape[1]
    rows_a_block = BLOCK // columns
    if right.flags.c_contiguous and rows_a_block >= MIN_BLOCK_ROWS:
        # Whole rows, in the order of memory: columns of a large matrix share few cache lines.
        sums = np.zeros((limbs * rows, columns))
        for at in range(0, terms, rows_a_block):
            end = at + rows_a_block
            sums += cut[:, at:end] @ right[at:end].astype(np.float64)
        result = _recombine(sums.reshape(limbs, rows, columns), bits)
    else:
        result = np.empty((rows, columns), np.uint64)
        step = max(1, BLOCK // terms)
        for at in range(0, columns, step):
            block = cut @ right[:, at : at + step].astype(np.float64)
            result[:, at : at + step] = _recombine(block.reshape(limbs, rows, -1), bits)
    cost.macs += limbs * rows * terms * columns
    return result


def _recombine(sums: npt.NDArray[np.float64], bits: int) -> Elements:
    prime = np.uint64(PRIME)
    combined = np.zeros(sums.shape[1:], np.uint64)
    for limb, values in enumerate(sums):
        element = np.mod(values.astype(np.int64), PRIME).astype(np.uint64)
        shift = np.uint64(bits * limb)
        # 2^61 is 1 modulo p, so a shift is a rotation of 61 bits
        combined += ((element << shift) & prime) | (element >> (np.uint64(BITS) - shift))
    return reduce(combined)
