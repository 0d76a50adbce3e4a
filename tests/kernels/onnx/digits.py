"""A convolutional network for digits in ONNX, trained in a moment."""

from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

from kernels.models.digits.images import brightness, held_out, training
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import reference

IMAGES = 120
FILTERS = 8


def images() -> tuple[Array, Array]:
    """Returns held-out images float32 [120, 1, 8, 8] and their labels."""
    found, labels = held_out()
    return _channels_first(found[:IMAGES]), labels[:IMAGES]


def samples() -> Array:
    """Returns training images float32 [480, 1, 8, 8]."""
    return _channels_first(training()[0][: 4 * IMAGES])


@cache
def network() -> onnx.ModelProto:
    """Returns a model of fixed random filters, ReLU, max pool and a trained dense layer."""
    rng = np.random.default_rng(3)
    filters = rng.normal(0, 0.5, (FILTERS, 1, 3, 3)).astype(np.float32)
    bias = rng.normal(0, 0.1, FILTERS).astype(np.float32)
    width = FILTERS * 16
    x, labels = samples(), training()[1][: 4 * IMAGES]
    features = reference(_model(filters, bias, None, len(x)), {"x": x})
    trained = LogisticRegression(max_iter=200, C=0.3).fit(features, labels)
    dense = trained.coef_.astype(np.float32), trained.intercept_.astype(np.float32)
    assert dense[0].shape == (10, width)
    return _model(filters, bias, dense, IMAGES)


def _model(
    filters: Array, bias: Array, dense: tuple[Array, Array] | None, count: int
) -> onnx.ModelProto:
    arrays = {"filters": filters, "bias": bias}
    nodes = [
        helper.make_node("Conv", ["x", "filters", "bias"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"], "flat"),
    ]
    if dense is not None:
        arrays |= {"weights": dense[0], "offsets": dense[1]}
        nodes.append(
            helper.make_node("Gemm", ["f", "weights", "offsets"], ["scores"], "dense", transB=1)
        )
    width = FILTERS * 16
    output = ("f", width) if dense is None else ("scores", 10)
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (count, 1, 8, 8))],
        [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, (count, output[1]))],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def _channels_first(stored: Array) -> Array:
    return brightness(stored).astype(np.float32).transpose(0, 3, 1, 2).copy()
