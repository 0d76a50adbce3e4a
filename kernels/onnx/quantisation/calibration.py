"""Runs the float model on samples and records the range of every tensor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime

from kernels.trace.layout import Array


class CalibrationError(ValueError):
    """A calibration set does not fit the model."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The ranges of every float tensor: requested quantiles and extremes.

    `whole` names the tensors that hold only integers. `channels` are the largest magnitudes per
    position of the last axis.
    """

    quantiles: Mapping[str, tuple[float, float]]
    extremes: Mapping[str, tuple[float, float]]
    whole: frozenset[str]
    channels: Mapping[str, Array]


def observe(
    model: onnx.ModelProto, samples: Mapping[str, Array], percentile: float = 100.0
) -> Ranges:
    """Returns the ranges over samples [count · B, ...] of each input; B is the model's first axis.

    With a percentile below 100, a range leaves out that share of a batch's values at each end, and
    is the widest of all batches. Raises CalibrationError when the samples do not fit.
    """
    inner = _exposed(model)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        inner.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_outputs()]
    narrow: dict[str, tuple[float, float]] = {}
    wide: dict[str, tuple[float, float]] = {}
    channels: dict[str, Array] = {}
    whole = set(names) | {each.name for each in session.get_inputs()}
    for feeds in _batches(session, samples):
        found = feeds | dict(zip(names, session.run(names, feeds), strict=True))
        for name, values in found.items():
            if values.dtype.kind != "f" or not values.size:
                continue
            if not np.isfinite(values).all():
                raise CalibrationError(f"tensor {name!r} is not finite on the calibration set")
            ends = float(values.min()), float(values.max())
            inside = ends if percentile >= 100 else _quantiles(values, percentile)
            narrow[name] = _union(narrow.get(name), inside)
            wide[name] = _union(wide.get(name), ends)
            if values.ndim:
                largest = np.abs(values).max(axis=tuple(range(values.ndim - 1)))
                channels[name] = np.maximum(channels.get(name, largest), largest)
            if name in whole and not np.array_equal(values, np.rint(values)):
                whole.discard(name)
    return Ranges(narrow, wide, frozenset(whole & wide.keys()), channels)


def _batches(
    session: onnxruntime.InferenceSession, samples: Mapping[str, Array]
) -> Iterator[dict[str, Array]]:
    entries = {each.name: each for each in session.get_inputs()}
    missing = sorted(entries.keys() - samples.keys())
    if missing:
        held = ", ".join(sorted(samples)) or "nothing"
        raise CalibrationError(
            f"the calibration set has no array {', '.join(missing)}; it holds {held}"
        )
    counts = set()
    sizes: dict[str, int] = {}
    for name, entry in entries.items():
        shape: Sequence[int] = entry.shape
        array = samples[name]
        if array.shape[1:] != tuple(shape[1:]) or len(array) % shape[0] or not len(array):
            raise CalibrationError(
                f"calibration array {name!r} is {array.shape}; expected a multiple of {shape[0]} "
                f"along the first axis of {tuple(shape)}"
            )
        sizes[name] = shape[0]
        counts.add(len(array) // shape[0])
    if len(counts) != 1:
        raise CalibrationError("the calibration arrays hold different numbers of samples")
    for number in range(counts.pop()):
        yield {
            name: samples[name][number * size : (number + 1) * size] for name, size in sizes.items()
        }


def _exposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns the model with every tensor as an output."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    outputs = {each.name for each in copy.graph.output}
    for node in copy.graph.node:
        for name in node.output:
            if name and name not in outputs:
                copy.graph.output.append(onnx.ValueInfoProto(name=name))
    return copy


def _quantiles(values: Array, percentile: float) -> tuple[float, float]:
    low, high = np.percentile(values, [100.0 - percentile, percentile])
    return float(low), float(high)


def _union(known: tuple[float, float] | None, found: tuple[float, float]) -> tuple[float, float]:
    if known is None:
        return found
    return min(known[0], found[0]), max(known[1], found[1])
