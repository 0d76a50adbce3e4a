"""An exact graph is compared with its model beside onnxruntime's int8, and refused if too far."""

import math
from dataclasses import replace

import numpy as np
import onnx
import pytest

from kernels.graph.reference import execute
from kernels.onnx.exact import lower, read_network
from kernels.onnx.quantisation import (
    Accuracy,
    Report,
    draft,
    fit,
    quantise,
    report_on_float,
    report_on_quantised,
    split,
)
from kernels.onnx.quantisation.accuracy import MOST_DB, Gap
from kernels.trace.layout import Array
from tests.kernels.onnx.digits import network, samples
from tests.kernels.onnx.exact.quantised import Draft
from tests.kernels.onnx.quantisation.cases import normal, parsed

FAINT = parsed(
    "g (float[1,4] x) => (float[1,4] y) <float[4] k = {1, 1000, 1000, 1000}> "
    "{ t = Tanh (x) m = Mul (t, k) y = Tanh (m) }"
)
"""Three channels are a thousandth of the first, and become as large as it."""
STEEP = parsed(
    "g (float[1,4] x) => (float[1,4] y) <float k = {12}> { a = Sin (x) b = Mul (a, k) y = Sin (b) }"
)
"""The second sine turns a small error of the first into a large one."""


def faint(count: int) -> Array:
    return normal(count, 4) * np.array([1, 1e-3, 1e-3, 1e-3], np.float32)


def report(model: onnx.ModelProto, x: Array) -> Report:
    parts = split(fit(model, {"x": x}))
    return report_on_float(model, quantise(model, parts.calibration), parts, execute)


def test_a_graph_that_loses_the_signal_is_refused_by_the_operator() -> None:
    found = report(FAINT, faint(40))
    (accuracy,) = found.outputs
    assert accuracy.snr_db < 10
    assert found.faults == (
        f"output 'y' has a signal-to-noise ratio of {accuracy.snr_db:.1f} dB; at least 10 dB is "
        "accepted",
    )
    assert found.origin is not None
    assert (found.origin.operator, found.origin.tensor) == ("Mul 'm'", "m")
    assert found.origin.before_db - found.origin.after_db > 20


def test_a_graph_worse_than_twice_onnxruntimes_is_refused_by_the_operator() -> None:
    found = report(STEEP, normal(40, 4))
    (accuracy,) = found.outputs
    assert accuracy.snr_db > 10
    assert accuracy.ort_int8_error is not None
    assert accuracy.error > 2 * accuracy.ort_int8_error
    assert found.faults == (
        f"output 'y' has an error of {accuracy.error:.3g}, more than 2 times the "
        f"{accuracy.ort_int8_error:.3g} of onnxruntime's int8",
    )
    assert found.origin is not None
    assert found.origin.operator == "Sin 'y'"


def test_digits_are_as_near_as_onnxruntimes_own_int8() -> None:
    found = report(network(), samples())
    (accuracy,) = found.outputs
    assert found.faults == ()
    assert accuracy.error_vs_ort_int8 is not None
    assert accuracy.error_vs_ort_int8 <= 1.5
    assert accuracy.snr_db > 35


def test_the_document_has_every_number_and_is_finite() -> None:
    document = report(FAINT, faint(40)).document
    (output,) = document["outputs"]
    assert set(output) == {
        "name",
        "snr_db",
        "error",
        "largest_error",
        "step",
        "ort_int8_snr_db",
        "ort_int8_error",
        "error_vs_ort_int8",
        "unit",
    }
    assert all(math.isfinite(each) for name, each in output.items() if name != "name")
    assert (document["samples"], document["least_snr_db"]) == (8, 10.0)
    assert document["origin"]["operator"] == "Mul 'm'"
    assert len(document["faults"]) == 1


def test_a_quantised_model_is_compared_with_onnxruntime_running_it() -> None:
    drawing = Draft()
    x = drawing.quantised(drawing.input("x", (2, 4)), 0.1, 128)
    product = drawing.node(
        "MatMul", x, drawing.weights(30 * normal(4, 3), np.array(0.02, np.float32))
    )
    output = drawing.quantised(product, 0.0391, 128)
    model = drawing.model(output, shape=(2, 3))
    lowered = lower(read_network(model))
    given = fit(model, {"x": normal(8, 4)})
    found = report_on_quantised(model, lowered, given, execute)
    assert found.faults == ()
    assert found.samples == 4
    assert found.outputs[0].unit == pytest.approx(0.0391)
    assert found.outputs[0].largest_error <= 0.04
    port = lowered.interface.output
    halved = replace(
        lowered, interface=replace(lowered.interface, outputs=(replace(port, scale=0.0391 / 2),))
    )
    wrong = report_on_quantised(model, halved, given, execute)
    assert wrong.faults == (
        f"output {output!r} has a signal-to-noise ratio of {wrong.outputs[0].snr_db:.1f} dB; at "
        "least 20 dB is accepted",
    )


@pytest.mark.parametrize(
    ("accuracy", "accepted"),
    [
        (Accuracy("y", 30, 0.2, 1, 0.01, 31, 0.1), True),
        (Accuracy("y", 30, 0.21, 1, 0.01, 31, 0.1), False),
        (Accuracy("y", 30, 0.21, 1, 0.21, 31, 0.1), True),
        (Accuracy("y", 9.9, 0.1, 1, 0.2, 9.9, 0.1), False),
        (Accuracy("y", 10, 0.1, 1, 0.2), True),
        (Accuracy("y", 5, 0.1, 1, 0.01, unit=0.1), True),
        (Accuracy("y", 5, 0.11, 1, 0.01, unit=0.1), False),
    ],
)
def test_twice_the_error_and_ten_decibels_are_the_limits(
    accuracy: Accuracy, accepted: bool
) -> None:
    assert (accuracy.fault(10) is None) is accepted


def test_a_gap_counts_what_is_not_finite() -> None:
    gap = Gap()
    gap.add(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert (gap.snr_db, gap.error) == (MOST_DB, 0.0)
    gap.add(np.array([np.nan, 2.0]), np.array([1.0, 2.0]))
    assert (gap.snr_db, gap.largest) == (-MOST_DB, math.inf)
    zero = Gap()
    zero.add(np.array([0.1]), np.array([0.0]))
    assert zero.snr_db == -MOST_DB


def test_the_draft_of_a_graph_costs_what_the_graph_does() -> None:
    model = network()
    parts = fit(model, {"x": samples()})
    made, planned = quantise(model, parts).graph, draft(model, parts.shapes)
    assert planned.multiply_adds == made.multiply_adds
    assert [each.output_shape for each in planned.descriptors] == [
        each.output_shape for each in made.descriptors
    ]
