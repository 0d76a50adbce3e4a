"""The magnitude of a complex convolution, such as a short-time Fourier transform."""

import numpy as np
import onnx
import pytest

from kernels.codes import Opcode
from kernels.graph.reference import execute
from kernels.onnx.quantisation import fit, quantise, report_on_float, split
from tests.kernels.onnx.quantisation.cases import normal, parsed

BINS, TAPS = 9, 16
NUMBERS = (
    "float two = {2}, float half = {0.5}, int64[1] one = {1}, int64[1] from = {0}, "
    "int64[1] middle = {9}, int64[1] end = {99}"
)
HALVES = "r = Slice (f, from, middle, one) i = Slice (f, middle, end, one)"


def transform(nodes: str) -> onnx.ModelProto:
    """Returns a convolution with sines and cosines, whose bins fall to a tenth, and nodes on it."""
    model = parsed(
        f"g (float[1,1,64] x) => (float[1,{BINS},7] y) <{NUMBERS}> "
        f"{{ f = Conv <strides = [8]> (x, w) {nodes} }}"
    )
    angles = np.outer(np.arange(BINS), np.arange(TAPS)) * 2 * np.pi / TAPS
    falling = np.geomspace(1, 0.1, BINS)[:, np.newaxis]
    filters = np.concatenate([np.cos(angles) * falling, np.sin(angles) * falling])
    values = filters.astype(np.float32)[:, np.newaxis]
    model.graph.initializer.append(onnx.numpy_helper.from_array(values, "w"))
    return model


def opcodes(nodes: str, least_db: float) -> list[Opcode]:
    """Returns the operators of the exact graph, once it is near the model."""
    model = transform(nodes)
    parts = split(fit(model, {"x": normal(40, 1, 64)}))
    found = quantise(model, parts.calibration)
    report = report_on_float(model, found, parts, execute)
    assert report.outputs[0].snr_db >= least_db
    return [each.opcode for each in found.graph.descriptors]


@pytest.mark.parametrize(
    "squares", ["p = Pow (r, two) q = Pow (i, two)", "p = Mul (r, r) q = Mul (i, i)"]
)
def test_a_magnitude_is_the_largest_of_projections(squares: str) -> None:
    found = opcodes(f"{HALVES} {squares} t = Add (p, q) y = Sqrt (t)", 30)
    assert found.count(Opcode.MAX_POOL) == 1
    assert Opcode.MULTIPLY not in found


@pytest.mark.parametrize(
    "nodes",
    [
        # The halves of one tensor and of another are no vector.
        f"{HALVES} g = Neg (f) s = Slice (g, from, middle, one) p = Mul (r, r) q = Mul (s, s) "
        "t = Add (p, q) z = Sqrt (t) y = Add (z, i)",
        # Something else needs a half as it is.
        f"{HALVES} p = Mul (r, r) q = Mul (i, i) t = Add (p, q) z = Sqrt (t) y = Add (z, r)",
        # Something else needs a square.
        f"{HALVES} p = Mul (r, r) q = Mul (i, i) t = Add (p, q) z = Sqrt (t) y = Add (z, p)",
    ],
    ids=["two tensors", "a half", "a square"],
)
def test_what_is_read_otherwise_stays_as_it_is(nodes: str) -> None:
    assert Opcode.MULTIPLY in opcodes(nodes, 20)
