"""Random graphs with the samples to calibrate them, and others to try them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from kernels.trace.layout import Array
from tests.kernels.onnx.random_graphs.families import STEPS
from tests.kernels.onnx.random_graphs.sketch import MAX_ELEMENTS, Sketch, Tensor

OPSETS = (17, 11, 13, 20)
SAMPLES = 24
ELEMENTS = 240
"""Fewer elements in all samples would leave out too much of their range."""
NEAR = 0.03
SPREADS = ("normal", "far", "tiny", "huge", "dead channel", "whole", "skewed")


@dataclass(frozen=True, slots=True)
class Example:
    """A model, samples of each input to calibrate with, and fresh ones of the same kind.

    They lie along the first axis: [count · B, ...] for an input [B, ...], with at least SAMPLES as
    the count.
    """

    model: onnx.ModelProto
    samples: dict[str, Array]
    fresh: dict[str, Array]

    def _repr_pretty_(self, printer: RepresentationPrinter, _cycle: bool) -> None:
        # A failure shows the graph as text.
        printer.text(onnx.printer.to_text(self.model))


@st.composite
def examples(
    draw: st.DrawFn, operators: Sequence[str] = tuple(STEPS), steps: int = 3, others: int = 0
) -> Example:
    """Draws a graph of one to `steps` operators of those names, in a row with side branches.

    Beside the last tensor, one to `others` more are outputs: inputs and inner ones too.
    """
    seed = draw(st.integers(0, 2**31 - 1))
    opsets = [each for each in OPSETS if any(_defined(name, each) for name in operators)]
    sketch = Sketch(draw, np.random.default_rng(seed), draw(st.sampled_from(opsets)))
    rank = sketch.choice((2, 3, 4, 1))
    shape = tuple(sketch.integer(1, 6) for _ in range(rank))
    x = sketch.input(shape)
    known = [name for name in operators if _defined(name, sketch.opset)]
    for _ in range(sketch.integer(1, steps)):
        name = sketch.choice(known)
        start = x
        if sketch.chance():
            start = sketch.choice([each for each in sketch.tensors if _starts(each)])
        made = STEPS[name](sketch, start, name)
        if np.prod(made.shape) > MAX_ELEMENTS:
            break
        x = made
        if not _starts(x):
            break
    if not others:
        return _example(sketch, x)
    more = [sketch.choice(sketch.tensors) for _ in range(sketch.integer(1, others))]
    return _example(sketch, x, *more)


def _starts(tensor: Tensor) -> bool:
    """Returns whether a step may start from a tensor: one of floats, with an axis."""
    return tensor.kind == "float" and tensor.rank > 0


def _defined(name: str, opset: int) -> bool:
    """Returns whether the opset has an operator; a name that ONNX lacks stands for several."""
    if not onnx.defs.has(name):
        return True
    return onnx.defs.has(name, max_inclusive_version=opset)


def _example(sketch: Sketch, output: Tensor, *others: Tensor) -> Example:
    spread = {each.name: sketch.choice(SPREADS) for each in sketch.inputs}
    if output in sketch.inputs:
        output = sketch.node("Relu", [output], output.shape)
    model = sketch.model(list(dict.fromkeys([output, *others])))
    used = {each.name for each in model.graph.input}
    inputs = [each for each in sketch.inputs if each.name in used]
    smallest = min(int(np.prod(each.shape)) for each in inputs)
    count = max(SAMPLES, ELEMENTS // smallest)
    samples = {each.name: _samples(sketch, each, count, spread[each.name]) for each in inputs}
    # Calibration covers what it saw: fresh samples lie beside others, within their range.
    near = sketch.random.integers(0, count, count)
    fresh = {
        each.name: np.clip(
            samples[each.name].reshape(count, *each.shape)[near].reshape(samples[each.name].shape)
            + sketch.numbers(samples[each.name].shape, NEAR * float(samples[each.name].std())),
            samples[each.name].min(),
            samples[each.name].max(),
        )
        for each in inputs
    }
    return Example(model, samples, fresh)


def _samples(sketch: Sketch, tensor: Tensor, count: int, spread: str) -> Array:
    shape = (count * tensor.shape[0], *tensor.shape[1:])
    values = sketch.numbers(shape)
    match spread:
        case "far":
            values += 20
        case "tiny":
            values *= 1e-4
        case "huge":
            values *= 1e3
        case "dead channel":
            values[..., 0] = 0.5
        case "whole":
            values = np.rint(values * 3)
        case "skewed":
            values = np.exp(values)
    return values
