"""Runs the float model on samples and records the range of every tensor."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx

from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.samples import Samples, fit
from kernels.onnx.quantisation.session import Session, exposed
from kernels.onnx.quantisation.types import whole_tensors
from kernels.trace.layout import Array

APART = 256.0
"""Numbers so far below the largest of a tensor may be a mask."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The ranges of every float tensor: requested quantiles and extremes.

    `whole` names the tensors that hold only integers by the model's types. `channels` are the
    largest magnitudes per position of the last axis. `kept` are the smallest numbers of tensors
    aside from those that lie far below all others, as masks do; these may be -inf.
    """

    quantiles: Mapping[str, tuple[float, float]]
    extremes: Mapping[str, tuple[float, float]]
    whole: frozenset[str]
    channels: Mapping[str, Array]
    kept: Mapping[str, float]


def observe(
    model: onnx.ModelProto, samples: Samples | Mapping[str, Array], percentile: float = 100.0
) -> Ranges:
    """Returns the ranges over samples of each input, or over arrays [count · B, ...] of them.

    With a percentile below 100, a range leaves out that share of a batch's values at each end, and
    is the widest of all batches. Raises CalibrationError when the samples do not fit.
    """
    fitted = samples if isinstance(samples, Samples) else fit(model, samples)
    session = Session(exposed(model))
    narrow: dict[str, tuple[float, float]] = {}
    wide: dict[str, tuple[float, float]] = {}
    channels: dict[str, Array] = {}
    kept: dict[str, float] = {}
    for feeds in fitted.batches():
        for name, values in (feeds | session.run(feeds)).items():
            if values.dtype.kind != "f" or not values.size:
                continue
            ends = float(values.min()), float(values.max())
            # A mask may be -inf; it is judged when the readers of the tensor are known.
            if not np.isfinite(ends[1]) or np.isnan(ends[0]):
                raise not_finite(name)
            if ends[0] < ends[1] - APART:
                near = float(values.min(where=values >= ends[1] - APART, initial=ends[1]))
                kept[name] = min(kept.get(name, near), near)
            inside = ends if percentile >= 100 else _quantiles(values, percentile)
            narrow[name] = _union(narrow.get(name), inside)
            wide[name] = _union(wide.get(name), ends)
            if values.ndim:
                largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
                channels[name] = np.maximum(channels.get(name, largest), largest)
    return Ranges(narrow, wide, whole_tensors(model) & wide.keys(), channels, kept)


def not_finite(name: str) -> CalibrationError:
    """Returns the error for a tensor with numbers that no scale covers."""
    return CalibrationError(f"tensor {name!r} is not finite on the calibration set")


def _quantiles(values: Array, percentile: float) -> tuple[float, float]:
    low, high = np.percentile(values, [100.0 - percentile, percentile])
    return float(low), float(high)


def _union(known: tuple[float, float] | None, found: tuple[float, float]) -> tuple[float, float]:
    if known is None:
        return found
    return min(known[0], found[0]), max(known[1], found[1])
