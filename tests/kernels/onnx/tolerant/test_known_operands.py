"""Operators whose operands must be known before a run, and limits of transforms."""

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from kernels.onnx.tolerant import TolerantRunner, UnsupportedOperator
from tests.kernels.onnx.models import floats, model

RUNNER = TolerantRunner()
BOXES = np.array([[[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3]]], np.float32)
SCORES = np.array([[[0.5, 0.9, 0.3]]], np.float32)


def suppressed(*, computed: bool) -> Any:
    """Returns the boxes that are left; scores may be computed by a node that planning skips."""
    nodes = [
        helper.make_node("Tanh", ["s"], ["t"]),
        helper.make_node("NonMaxSuppression", ["b", "t" if computed else "s", "n", "o"], ["y"]),
    ]
    weights = [
        numpy_helper.from_array(np.array([2], np.int64), "n"),
        numpy_helper.from_array(np.array([0.5], np.float32), "o"),
    ]
    out = helper.make_tensor_value_info("y", TensorProto.INT64, None)
    ports = [floats("b", *BOXES.shape), floats("s", *SCORES.shape)]
    content = model(nodes, ports, [out], weights)
    return RUNNER.run(content, {"b": BOXES, "s": SCORES}).outputs["y"]


def test_boxes_that_overlap_a_better_one_are_left_out() -> None:
    assert suppressed(computed=False).tolist() == [[0, 0, 1], [0, 0, 2]]


def test_scores_of_a_run_are_refused() -> None:
    with pytest.raises(UnsupportedOperator, match="known only after a run"):
        suppressed(computed=True)


@pytest.mark.parametrize("operator", ["NonZero", "Unique"])
def test_a_shape_that_computed_values_decide_is_refused(operator: str) -> None:
    nodes = [helper.make_node("Tanh", ["x"], ["t"]), helper.make_node(operator, ["t"], ["y"])]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    content = model(nodes, [floats("x", 3)], [out])
    with pytest.raises(UnsupportedOperator, match="known only after a run"):
        RUNNER.run(content, {"x": np.ones(3, np.float32)})


def test_a_bin_of_a_computed_region_needs_a_number_of_samples() -> None:
    nodes = [
        helper.make_node("Tanh", ["r"], ["t"]),
        helper.make_node("RoiAlign", ["x", "t", "at"], ["y"]),
    ]
    at = numpy_helper.from_array(np.array([0], np.int64), "at")
    ports = [floats("x", 1, 1, 4, 4), floats("r", 1, 4)]
    content = model(nodes, ports, [floats("y", 1, 1, 1, 1)], [at])
    given = {"x": np.ones((1, 1, 4, 4), np.float32), "r": np.array([[0, 0, 2, 2]], np.float32)}
    with pytest.raises(UnsupportedOperator, match="known only after a run"):
        RUNNER.run(content, given)
    nodes[1].attribute.append(helper.make_attribute("sampling_ratio", 2))
    content = model(nodes, ports, [floats("y", 1, 1, 1, 1)], [at])
    np.testing.assert_allclose(RUNNER.run(content, given).outputs["y"], [[[[1]]]], rtol=1e-6)


@pytest.mark.parametrize(("step", "length"), [(0, 2), (1, 9)])
def test_frames_that_do_not_fit_the_signal_are_refused(step: int, length: int) -> None:
    names = ["step", "length"]
    weights = [
        numpy_helper.from_array(np.array(value, np.int64), name)
        for name, value in zip(names, (step, length), strict=True)
    ]
    node = helper.make_node("STFT", ["x", "step", "", "length"], ["y"])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    content = model([node], [floats("x", 1, 8, 1)], [out], weights)
    with pytest.raises(UnsupportedOperator, match="do not fit the signal"):
        RUNNER.run(content, {"x": np.ones((1, 8, 1), np.float32)})


def test_two_ngrams_of_one_column_are_refused() -> None:
    node = helper.make_node(
        "TfIdfVectorizer", ["x"], ["y"], mode="TF", min_gram_length=1, max_gram_length=1,
        max_skip_count=0, ngram_counts=[0], ngram_indexes=[0, 0], pool_int64s=[3, 4],
    )  # fmt: skip
    port = helper.make_tensor_value_info("x", TensorProto.INT32, [3])
    content = model([node], [port], [floats("y", 1)])
    with pytest.raises(UnsupportedOperator, match="share a column"):
        RUNNER.run(content, {"x": np.array([3, 4, 3], np.int32)})
