"""Graphs that random trials once found wrong, shrunken."""

import numpy as np
import pytest

from kernels.onnx.exact import LoweringError
from kernels.onnx.quantisation import quantise
from tests.kernels.onnx.quantisation.cases import normal, parsed
from tests.kernels.onnx.random_graphs.graphs import Example
from tests.kernels.onnx.random_graphs.judgement import judged

FOUND = {
    "a window of the whole series": (
        "(float[1,2,3] x) => (float[1,2,1] y) { y = AveragePool <kernel_shape: ints = [3]> (x) }"
    ),
    "pads of one axis": ("(float[6] x) => (float[9] y) <int64[2] p = {2, 1}> { y = Pad (x, p) }"),
    "a transposed left factor": (
        "(float[5,4] x) => (float[4,3] y) <float[3,5] w = "
        "{1, 2, -1, 0, 1, 3, -2, 1, 1, 0, 1, 1, 2, -1, 1}> "
        "{ y = Gemm <alpha: float = 0.5, transA: int = 1, transB: int = 1> (x, w) }"
    ),
    "a tensor beside itself": (
        "(float[2,5] x) => (float[2] y) <int64[1] a = {1}> "
        "{ s = ReduceSum <keepdims: int = 0> (x, a) c = LessOrEqual (s, s) "
        "y = Cast <to: int = 1> (c) }"
    ),
    "the root of a sum of squares": (
        "(float[2,5] x) => (float[2,1] y) { y = ReduceL2 <axes: ints = [-1]> (x) }"
    ),
    "a flat part of a function": (
        "(float[2,5] x) => (float[2,5] y) <float k = {900}> { m = Mul (x, k) y = Tanh (m) }"
    ),
    "shares of booleans": (
        "(float[2,5] x) => (float[2,5] y) <float k = {0}> "
        "{ g = Greater (x, k) f = Cast <to: int = 1> (g) y = Softmax <axis: int = -1> (f) }"
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_is_right(name: str) -> None:
    model = parsed(f"found {FOUND[name]}")
    shape = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
    samples, fresh = (normal(40 * shape[0], *shape[1:], seed=seed).clip(-2, 2) for seed in (1, 2))
    outcome = judged(Example(model, {"x": samples}, {"x": fresh}))
    assert outcome.refusal is None
    assert outcome.fault is None
    assert outcome.snr_db is not None
    assert outcome.snr_db > 20


def test_whole_numbers_that_share_steps_are_refused() -> None:
    model = parsed(
        "found (float[2,3] x) => (float[2,3] y) <float[1] k = {-2}> "
        "{ r = Round (x) e = Equal (r, k) y = Cast <to: int = 1> (e) }"
    )
    samples = 1_000 * np.abs(normal(40, 3))
    with pytest.raises(LoweringError, match=r"^Equal 'e': steps of \d+\.?\d* do not tell whole"):
        quantise(model, {"x": samples})
