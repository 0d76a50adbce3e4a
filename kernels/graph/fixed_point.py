"""Real factors as the multiplier and shift of an exact operator."""

import numpy as np
import numpy.typing as npt

from kernels.codes import MAX_SHIFT
from kernels.descriptor import GraphError, Reason

Integers = npt.NDArray[np.int64]


def fixed_point(factor: npt.NDArray[np.float64]) -> tuple[Integers, Integers]:
    """Returns multiplier m and shift s of each factor: m / 2^s is nearest to it, m is below 2^31.

    Raises GraphError (BadValue) unless every factor is positive and below 2^29.
    """
    if not np.all((factor > 0) & (factor < 2.0**29)):
        raise GraphError(Reason.BAD_VALUE, f"a factor of {factor} is outside 0..2^29")
    fraction, exponent = np.frexp(factor)
    shift = np.minimum(31 - exponent.astype(np.int64), MAX_SHIFT)
    multiplier = np.rint(np.ldexp(fraction, (exponent + shift).astype(np.int32))).astype(np.int64)
    carried = multiplier == 1 << 31
    return np.maximum(np.where(carried, 1 << 30, multiplier), 1), shift - carried
