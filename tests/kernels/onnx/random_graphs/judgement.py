"""Whether the exact graph of a random model is right, refused, or wrong without a word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import Interface, LoweringError, Quantisation
from kernels.onnx.quantisation import (
    CalibrationError,
    Report,
    Split,
    fit,
    quantise,
    report_on_float,
    split,
)
from kernels.onnx.quantisation.accuracy import FLOAT_DB, MOST_ERROR, Gap, outputs_of
from kernels.onnx.quantisation.session import Session
from kernels.trace.layout import Array
from tests.kernels.onnx.random_graphs.graphs import Example

NEAR_DB = 30.0
"""A graph so near to its model on fresh samples needs no further judgement."""
SLACK_DB = 6.0
"""Fresh samples may be so much worse than those that the comparison holds back..."""
SLACK = 3.0
"""...and an error on them this many times the one that is accepted."""
STEPPED = {
    *("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
    *("Ceil", "Floor", "Round", "Sign", "ThresholdedRelu"),
}
"""A step in a function turns the least rounding before it into a large error."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Why a model is refused, or what is wrong with its graph; both None where that is right."""

    refusal: str | None = None
    fault: str | None = None
    snr_db: float | None = None
    operators: int = 0


def judged(example: Example) -> Outcome:
    """Quantises a model with its samples and compares the graph with onnxruntime on fresh ones.

    The fresh ones are numbers that 8 bits hold. What inputs lose by rounding to them is for the
    comparison on held-back samples to tell.
    """
    model = example.model
    parts = split(fit(model, example.samples))
    try:
        lowered = quantise(model, parts.calibration)
    except (LoweringError, CalibrationError) as error:
        return Outcome(refusal=str(error))
    steps = any(node.op_type in STEPPED for node in model.graph.node)
    fresh = fit(model, _represented(lowered.interface, example.fresh))
    session = Session(model)
    gaps = {port.name: Gap() for port in lowered.interface.outputs}
    for feeds in fresh.batches():
        wanted = session.run(feeds)
        for name, found in outputs_of(lowered, feeds, _execute).items():
            assert found.shape == wanted[name].shape, (found.shape, wanted[name].shape)
            gaps[name].add(found, wanted[name])
    worst = min(gap.snr_db for gap in gaps.values())
    size = len(lowered.graph.descriptors)
    if worst >= NEAR_DB:
        return Outcome(snr_db=worst, operators=size)
    report = report_on_float(model, lowered, parts, _execute)
    if report.faults:
        return Outcome(refusal=report.faults[0], snr_db=worst, operators=size)
    again = report_on_float(
        model, lowered, Split(parts.calibration, fresh, fresh.count, fresh.count), _execute
    )
    bounds = {each.name: each.step for each in report.outputs}
    return Outcome(fault=_fault(again, bounds, steps), snr_db=worst, operators=size)


def _represented(interface: Interface, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Returns inputs as 8 bits hold them."""
    found = dict(arrays)
    for port in interface.inputs:
        if isinstance(port.scale, float) and port.stored == "float32":
            form = Quantisation(port.scale, port.zero_point)
            codes = form.of(arrays[port.name].astype(np.float64)).astype(np.float64)
            found[port.name] = ((codes - form.zero_point) * form.scale).astype(np.float32)
    return found


def _fault(report: Report, bounds: Mapping[str, float], steps: bool) -> str | None:
    """Returns what is wrong, with a step of 8 bits of each output as its least bound.

    onnxruntime leaves most functions with steps in float.
    """
    for each in report.outputs:
        known, step = None if steps else each.ort_int8_error, bounds[each.name]
        bound = None if known is None else SLACK * MOST_ERROR * max(known, each.step / 2, step / 2)
        if each.snr_db < FLOAT_DB - SLACK_DB or (bound is not None and each.error > bound):
            return f"{each} is wrong without a word"
    return None


def _execute(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    return NumpyExecutor().execute(graph, inputs)
