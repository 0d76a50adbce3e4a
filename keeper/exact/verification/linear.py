"""Checks matrix products and convolutions in one fold, and finds the wrong one when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from keeper.exact.verification.cost import CheckCost
from keeper.exact.verification.field import Randomness
from keeper.exact.verification.freivalds import Fold, fold_length, fold_macs
from kernels.graph import Descriptor, bias_in, has_linear_sums, is_linear, narrow
from kernels.trace import DType
from kernels.trace.layout import Array

# The largest |x - zero_point| · |w| of one tap; both are int8.
LARGEST_TERM = 255 * 128
INT32_HIGH = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Claim:
    """An operator of a trace: its descriptor, its operands, and the output that was committed."""

    number: int
    descriptor: Descriptor
    reads: Sequence[Array]
    out: Array


def is_worth_checking(descriptor: Descriptor) -> bool:
    """Returns whether a check exists and multiplies less than recomputing the operator."""
    return is_linear(descriptor) and fold_macs(descriptor) < descriptor.multiply_adds


def is_worth_advice(descriptor: Descriptor) -> bool:
    """Returns whether checking the sums of a product to int8 multiplies less than recomputing it.

    Requantising the sums counts as one multiply-add each.
    """
    return (
        has_linear_sums(descriptor)
        and fold_macs(descriptor) + prod(descriptor.output_shape) < descriptor.multiply_adds
    )


def advised(claim: Claim, sums: Array) -> Claim | None:
    """Returns the claim that a product to int8 has these sums, None where its output contradicts.

    Such a claim holds only if the output is right: it is what the sums are requantised to.
    """
    x, weights, scales = claim.reads
    if sums.shape != claim.out.shape or sums.dtype != DType.INT32.numpy:
        return None
    if not np.array_equal(narrow(claim.descriptor, sums, scales), claim.out):
        return None
    return Claim(claim.number, claim.descriptor, (x, weights, bias_in(scales)), sums)


def may_wrap(claim: Claim) -> bool:
    """Returns whether a large bias could make an honest sum wrap in int32.

    Such a sum differs from the one over the integers and would spoil a fold.
    """
    if len(claim.reads) < 3:
        return False
    taps = claim.descriptor.multiply_adds // claim.out.size
    largest_bias = int(np.abs(claim.reads[2].astype(np.int64)).max())
    return taps * LARGEST_TERM + largest_bias > INT32_HIGH


def hold(claims: Sequence[Claim], randomness: Randomness, cost: CheckCost) -> bool:
    """Returns whether all claims pass one fold.

    A wrong claim among them passes with probability below 2^-60.
    """
    if not claims:
        return True
    fold = Fold(max(fold_length(claim.descriptor) for claim in claims), randomness, cost)
    for claim in claims:
        fold.add(claim.descriptor, claim.reads, claim.out)
    cost.folded += len(claims)
    return fold.holds()
