"""Constant factors of products: int8 parts, one scale per output, and the bias in its units."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.onnx.exact.network import HIGH, LOW, Real, Weights

# The bias may take half of int32; the rest is left for the sum.
BIAS_LIMIT = 2.0**30
SUM_LIMIT = 2.0**31 - 1

Int8 = npt.NDArray[np.int8]
Int16 = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Kernel:
    """Weights [N, ...] as int16, whose magnitude may exceed int8, and one scale per output of N."""

    values: Int16
    scale: Real

    def halves(self) -> list[Int8]:
        """Returns int8 tensors that add up to the weights: one, or two where they exceed int8."""
        first = np.clip(self.values, LOW, HIGH)
        rest = self.values - first
        parts = [first, rest] if rest.any() else [first]
        return [part.astype(np.int8) for part in parts]

    @property
    def real(self) -> Real:
        """The real numbers, float64."""
        return np.asarray(self.values * _spread(self.scale, self.values.ndim), np.float64)


def kernel(found: npt.NDArray[Any] | Weights, axis: int) -> Kernel:
    """Returns weights with their output axis first; floats are quantised per channel."""
    if isinstance(found, Weights):
        values = np.moveaxis(found.values, axis, 0)
        if found.scale.ndim and found.axis != axis:
            return kernel(found.real, axis)
        return Kernel(values, np.broadcast_to(found.scale, (len(values),)))
    real = np.moveaxis(np.asarray(found, np.float64), axis, 0)
    largest = np.abs(real.reshape(len(real), -1)).max(axis=1)
    return _rounded(real, np.where(largest > 0, largest / HIGH, 1.0))


def fitted(weights: Kernel, bias: Real, scale: float, zero_point: int) -> Kernel:
    """Returns weights whose sum with a bias [N] fits int32 for every input.

    A channel takes a coarser scale where its bias or sum would exceed int32, and one of zeros takes
    the scale that suits its bias. The input's real numbers are scale · (q − zero_point).
    """
    dead = ~weights.values.reshape(len(weights.values), -1).any(axis=1)
    floor = np.abs(bias) / (scale * BIAS_LIMIT)
    wanted = np.where(dead, np.where(floor > 0, floor, 1.0), np.maximum(weights.scale, floor))
    largest = float(max(HIGH - zero_point, zero_point - LOW))
    sums = np.abs(weights.values.astype(np.float64)).reshape(len(wanted), -1).sum(axis=1)
    total = sums * largest * weights.scale / wanted + np.abs(bias) / (scale * wanted)
    wanted = wanted * np.where(total > SUM_LIMIT, total / SUM_LIMIT * (1 + 1 / HIGH), 1.0)
    if np.array_equal(wanted, weights.scale):
        return weights
    changed = wanted != weights.scale
    coarse = _rounded(weights.real, wanted).values
    spread = _spread(changed, weights.values.ndim)
    return Kernel(np.where(spread, coarse, weights.values).astype(np.int16), wanted)


def bias_codes(
    bias: Real, weights: Kernel, scale: float, folded_zero_point: int = 0
) -> npt.NDArray[np.int32] | None:
    """Returns the bias [N] in units of the sum, less the sum of the weights times a zero point.

    Returns None when it is zero. It wraps like the sum, whose true value fits int32.
    """
    total = np.rint(bias / (weights.scale * scale)).astype(np.int64)
    if folded_zero_point:
        rows = weights.values.reshape(len(weights.values), -1)
        total = total - folded_zero_point * rows.astype(np.int64).sum(axis=1)
    return total.astype(np.int32) if total.any() else None


def _rounded(real: Real, scale: Real) -> Kernel:
    return Kernel(np.rint(real / _spread(scale, real.ndim)).astype(np.int16), scale)


def _spread(vector: npt.NDArray[Any], axes: int) -> npt.NDArray[Any]:
    return vector.reshape(-1, *[1] * (axes - 1))
