"""Chooses the form of every tensor from its range, and lowers the network."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import onnx

from kernels.graph.reference import execute
from kernels.onnx.exact import Lowered, Network, Quantisation, lower, read_network, with_inputs
from kernels.onnx.exact.network import HIGH, LOW
from kernels.onnx.quantisation.accuracy import Gap, gather, outputs_of
from kernels.onnx.quantisation.calibration import Ranges, not_finite, observe
from kernels.onnx.quantisation.columns import with_columns
from kernels.onnx.quantisation.masks import masked
from kernels.onnx.quantisation.preparation import prepared
from kernels.onnx.quantisation.samples import Samples, fit
from kernels.onnx.quantisation.saturation import useful
from kernels.onnx.quantisation.search import finest
from kernels.onnx.quantisation.session import Session
from kernels.onnx.quantisation.smoothing import channel_scales
from kernels.trace.layout import Array

TRIED = 8
MOST_WORK = 1 << 31
"""Samples and multiply-adds that are spent on choosing between two graphs, one sample at least."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a float model is quantised.

    percentile: the per cent of values that a range keeps at each end; with 100, ranges have the
    least error of 8 bits where that makes the results nearer, or cover the extremes if `extremes`
    is set. symmetric: use zero point 0.
    smoothing: how far products move a channel's range from the activations into their weights, from
    0 for not at all to 1 for wholly (Xiao et al. 2022, SmoothQuant).
    """

    percentile: float = 100.0
    symmetric: bool = False
    smoothing: float = 0.5
    extremes: bool = False


def quantise(
    model: onnx.ModelProto, samples: Samples | Mapping[str, Array], options: Options | None = None
) -> Lowered:
    """Returns the exact graph of a float model, calibrated on samples of its inputs, or on arrays
    [count · B, ...] of them.

    Weights are int8, symmetric, with one scale per output channel; activations are int8 where an
    operator needs it; sums of a residual stream stay int32 with 15 bits, unless they are only read
    as int8. Raises CalibrationError, or LoweringError naming a node.
    """
    chosen = options or Options()
    fitted = samples if isinstance(samples, Samples) else fit(model, samples)
    ready = prepared(model, fitted.shapes)
    ranges = observe(ready, fitted, chosen.percentile)
    network = read_network(ready, fitted.shapes)
    found = lower(calibrated(network, ranges, chosen))
    if chosen.percentile >= 100 and not chosen.extremes:
        cut = replace(ranges, quantiles=finest(ready, fitted, ranges.extremes))
        found = _nearer(model, fitted, found, lower(calibrated(network, cut, chosen)))
    return _naming_unused(found, model)


def _nearer(model: onnx.ModelProto, samples: Samples, *lowered: Lowered) -> Lowered:
    """Returns the graph whose outputs have the higher signal-to-noise ratio on the samples."""
    session = Session(model)
    scores = []
    most = MOST_WORK // max(lowered[0].graph.multiply_adds, 1)
    feeds = list(islice(samples.batches(), max(1, min(TRIED, most))))
    wanted = [session.run(each) for each in feeds]
    for each in lowered:
        gaps: dict[str, Gap] = {}
        for given, right in zip(feeds, wanted, strict=True):
            gather(gaps, outputs_of(each, given, execute), right)
        scores.append(sum(gap.snr_db for gap in gaps.values()))
    return lowered[int(np.argmax(scores))]


def _naming_unused(lowered: Lowered, model: onnx.ModelProto) -> Lowered:
    """Returns it with all inputs of the model that have no effect, those removed before too."""
    held = {each.name for each in model.graph.initializer}
    taken = held | {port.name for port in lowered.interface.inputs}
    unused = tuple(each.name for each in model.graph.input if each.name not in taken)
    return replace(lowered, interface=replace(lowered.interface, unused=unused))


def calibrated(network: Network, ranges: Ranges, options: Options) -> Network:
    """Returns the network with an int8 form and a peak for every tensor that was observed.

    Raises CalibrationError where a tensor is not finite, unless it is a mask.
    """
    network, ranges = masked(network, ranges)
    for name, (low, _) in ranges.extremes.items():
        if not np.isfinite(low):
            raise not_finite(name)
    even = _products(network)
    forms = {
        name: _form(
            name, useful(network, name, ends), ranges, symmetric=options.symmetric or name in even
        )
        for name, ends in ranges.quantiles.items()
    }
    for node in network.nodes:
        # Transposes that stand for a part of another operator were not observed.
        if node.kind == "Transpose" and node.inputs[0] in forms:
            forms.setdefault(node.outputs[0], forms[node.inputs[0]])
    peaks = {name: max(-low, high) for name, (low, high) in ranges.extremes.items()}
    entries = {
        entry.name: forms[entry.name]
        for entry in network.inputs
        if entry.quantisation is None and entry.name in forms
    }
    return replace(
        with_columns(with_inputs(network, entries), ranges),
        quantisations=forms,
        peaks=_joined(network, peaks),
        channels=channel_scales(network, ranges.channels, options.smoothing),
    )


def _form(name: str, ends: tuple[float, float], ranges: Ranges, *, symmetric: bool) -> Quantisation:
    low, high = ranges.extremes[name]
    if name in ranges.whole and low >= LOW and high <= HIGH:
        return Quantisation(1.0)
    return Quantisation.covering(*ends, symmetric=symmetric)


def _products(network: Network) -> set[str]:
    """Returns the operands of products of computed tensors, where a zero point costs operators."""
    found: set[str] = set()
    for node in network.nodes:
        if node.kind == "MatMul" and node.inputs[1] not in network.constants:
            found.update(_sources(network, node.inputs[:2]))
    return found


def _sources(network: Network, names: tuple[str, ...]) -> set[str]:
    """Returns the tensors and those that they are views of."""
    makers = {output: node for node in network.nodes for output in node.outputs}
    found, left = set(names), list(names)
    while left:
        node = makers.get(left.pop())
        if node is not None and node.kind in ("Reshape", "Transpose", "Unsqueeze", "Squeeze"):
            found.add(node.inputs[0])
            left.append(node.inputs[0])
    return found


def _joined(network: Network, peaks: Mapping[str, float]) -> dict[str, float]:
    """Returns the peaks, one for all tensors of a residual stream, so that none is rescaled."""
    joined = dict(peaks)
    for node in reversed(network.nodes):
        if node.kind != "Add" or any(name in network.constants for name in node.inputs):
            continue
        top = max(joined.get(name, 0.0) for name in (*node.inputs, *node.outputs))
        for name in (*node.inputs, *node.outputs):
            if name in joined:
                joined[name] = top
    return joined
