"""Checks matrix products and convolutions in one fold, and finds the wrong one when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keeper.exact.verification.cost import CheckCost
from keeper.exact.verification.field import Randomness
from keeper.exact.verification.freivalds import Fold, fold_length, fold_macs
from kernels.graph import Descriptor, is_linear
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
