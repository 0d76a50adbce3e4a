"""Ranges with the least mean square error of 8 bits: between rounding and cutting off."""

from collections.abc import Mapping

import numpy as np
import onnx

from kernels.onnx.quantisation.samples import Samples
from kernels.onnx.quantisation.session import Session, exposed
from kernels.trace.layout import Array

BINS = 512
STEPS = 255
WORTH = 0.9
"""A range is cut if that leaves at most this share of the error; samples tell no more for sure."""

Ends = tuple[float, float]


def finest(
    model: onnx.ModelProto, samples: Samples, extremes: Mapping[str, Ends]
) -> dict[str, Ends]:
    """Returns for every tensor the range within its extremes that 8 bits represent best.

    The error is that of rounding within the range, and that of numbers beyond it, which become its
    ends. Inputs and outputs of the model keep their extremes: they are not cut off.
    """
    kept = {each.name for each in (*model.graph.input, *model.graph.output)}
    session = Session(exposed(model))
    counts: dict[str, Array] = {}
    zeros: dict[str, int] = {}
    for feeds in samples.batches():
        for name, values in session.run(feeds).items():
            ends = extremes.get(name)
            if ends is None or name in kept or not np.isfinite(ends).all() or ends[0] == ends[1]:
                continue
            counts[name] = counts.get(name, 0) + histogram(values, ends)
            zeros[name] = zeros.get(name, 0) + values.size - int(np.count_nonzero(values))
    best = {name: least_error(found, extremes[name], zeros[name]) for name, found in counts.items()}
    return {**extremes, **best}


def histogram(values: Array, ends: Ends) -> Array:
    """Returns how many values each of BINS bins of equal width over a range has, int64."""
    places = (values.reshape(-1).astype(np.float64) - ends[0]) / (ends[1] - ends[0]) * BINS
    return np.bincount(np.clip(places, 0, BINS - 1).astype(np.int64), minlength=BINS)


def least_error(counts: Array, ends: Ends, zeros: int = 0) -> Ends:
    """Returns the part of a histogram's range with the least error of 8 bits, with zero within it.

    `counts` are per bin of equal width over `ends`; `zeros` of them are exactly zero, which every
    range represents.
    """
    edges = np.linspace(*ends, len(counts) + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    low, high = edges[edges <= 0], edges[edges >= 0]
    low = low if len(low) else edges[:1]
    high = high if len(high) else edges[-1:]
    below = (np.maximum(low[:, np.newaxis] - centres, 0) ** 2) @ counts
    above = (np.maximum(centres - high[:, np.newaxis], 0) ** 2) @ counts
    widths = np.maximum(high, 0) - np.minimum(low, 0)[:, np.newaxis]
    rounding = (widths / STEPS) ** 2 / 12 * (counts.sum() - zeros)
    errors = rounding + below[:, np.newaxis] + above
    at = np.unravel_index(np.argmin(errors), errors.shape)
    if errors[at] > WORTH * errors[0, -1]:
        return ends
    return float(low[at[0]]), float(high[at[1]])
