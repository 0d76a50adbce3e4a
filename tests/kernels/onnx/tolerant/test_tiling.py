"""Tiled products and convolutions of odd shapes, against onnxruntime."""

from functools import cache
from math import prod
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kernels.custom.element import Tolerance
from kernels.onnx.tolerant import TolerantRunner, UnsupportedOperator
from kernels.onnx.tolerant.packaging import package
from kernels.onnx.tolerant.wgsl import MAX_LOOP
from tests.kernels.onnx.models import floats, model

BOUNDS = Tolerance.rounded(1e-5, 1e-5, 0)
CASES = settings(max_examples=10, deadline=None, derandomize=True, database=None)


@cache
def runner() -> TolerantRunner:
    return TolerantRunner()


def agrees(content: onnx.ModelProto, x: np.ndarray[Any, Any]) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content.SerializeToString(), options)
    (wanted,) = session.run(None, {"x": x})
    found = runner().run(content, {"x": x}).outputs["y"]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def convolved(
    x: tuple[int, ...], w: tuple[int, ...], bias: bool, seed: int, **attributes: Any
) -> tuple[onnx.ModelProto, np.ndarray[Any, Any]]:
    """Returns a convolution with a residual and a ReLU, and its input."""
    random = np.random.default_rng(seed)
    weights = [numpy_helper.from_array(random.standard_normal(w).astype(np.float32), "w")]
    names = ["x", "w"]
    if bias:
        values = random.standard_normal(w[0]).astype(np.float32)
        weights.append(numpy_helper.from_array(values, "b"))
        names.append("b")
    nodes = [
        helper.make_node("Conv", names, ["c"], **attributes),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    content = model(nodes, [floats("x", *x)], [out], weights)
    return content, random.standard_normal(x).astype(np.float32)


@CASES
@given(st.data(), st.integers(0, 1 << 16))
def test_convolutions_agree(data: st.DataObject, seed: int) -> None:
    rank = data.draw(st.sampled_from((1, 2, 2, 2)))
    group = data.draw(st.sampled_from((1, 1, 2)))
    depth, per = data.draw(st.integers(1, 5)), data.draw(st.sampled_from((1, 3, 8, 10, 16)))
    kernel = data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank))
    dilations = data.draw(st.lists(st.integers(1, 2), min_size=rank, max_size=rank))
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    spatial = [r + data.draw(st.integers(0, 9)) for r in reach]
    steps = data.draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    pads = data.draw(st.lists(st.integers(0, 2), min_size=2 * rank, max_size=2 * rank))
    batch = data.draw(st.integers(1, 3))
    content, x = convolved(
        (batch, group * depth, *spatial),
        (group * per, depth, *kernel),
        data.draw(st.booleans()),
        seed,
        group=group,
        strides=steps,
        dilations=dilations,
        pads=pads,
    )
    agrees(content, x)


@CASES
@given(st.data(), st.integers(0, 1 << 16))
def test_depthwise_convolutions_agree(data: st.DataObject, seed: int) -> None:
    rank = data.draw(st.sampled_from((1, 2, 2, 2)))
    channels, per = data.draw(st.integers(2, 5)), data.draw(st.integers(1, 2))
    kernel = data.draw(st.lists(st.integers(1, 8), min_size=rank, max_size=rank))
    steps = data.draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank))
    spatial = [k + data.draw(st.integers(0, 20)) for k in kernel]
    pads = data.draw(st.lists(st.integers(0, 3), min_size=2 * rank, max_size=2 * rank))
    content, x = convolved(
        (data.draw(st.integers(1, 2)), channels, *spatial),
        (channels * per, 1, *kernel),
        data.draw(st.booleans()),
        seed,
        group=channels,
        strides=steps,
        pads=pads,
    )
    agrees(content, x)


@pytest.mark.parametrize("size", [(1, 12, 2, 2), (2, 5, 4, 3), (1, 3, 7, 7), (3, 16, 6, 10)])
def test_windows_of_one_element_agree(size: tuple[int, ...]) -> None:
    agrees(*convolved(size, (13, size[1], 1, 1), True, 5))


@CASES
@given(st.data(), st.integers(0, 1 << 16))
def test_products_agree(data: st.DataObject, seed: int) -> None:
    random = np.random.default_rng(seed)
    m, k, n = (data.draw(st.integers(1, 20)) for _ in range(3))
    batch = data.draw(st.sampled_from(((), (1,), (2,), (2, 3))))
    kind = data.draw(st.sampled_from(("weights", "itself", "gemm")))
    if kind == "itself":
        x = random.standard_normal((*batch, m, m)).astype(np.float32)
        weights, nodes = [], [helper.make_node("MatMul", ["x", "x"], ["y"])]
    elif kind == "weights":
        x = random.standard_normal((*batch, m, k)).astype(np.float32)
        w = random.standard_normal((k, n)).astype(np.float32)
        weights = [numpy_helper.from_array(w, "w")]
        nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    else:
        across, down = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 1))
        x = random.standard_normal((k, m) if across else (m, k)).astype(np.float32)
        w = random.standard_normal((n, k) if down else (k, n)).astype(np.float32)
        c = random.standard_normal(data.draw(st.sampled_from(((n,), (m, 1), (1,))))).astype("f4")
        weights = [numpy_helper.from_array(w, "w"), numpy_helper.from_array(c, "c")]
        nodes = [
            helper.make_node(
                "Gemm", ["x", "w", "c"], ["y"], transA=across, transB=down, alpha=0.5, beta=2.0
            )
        ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    agrees(model(nodes, [floats("x", *x.shape)], [out], weights), x)


def test_equal_layers_share_a_source() -> None:
    """Blocks of other sizes and weights need no source of their own."""
    random = np.random.default_rng(0)
    weights, nodes, before, channels = [], [], "x", 8
    for at, filters in enumerate((8, 16, 16, 24)):
        w = random.standard_normal((filters, channels, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(w, f"w{at}"))
        after = f"r{at}"
        nodes += [
            helper.make_node("Conv", [before, f"w{at}"], [f"c{at}"], pads=[1] * 4),
            helper.make_node("Relu", [f"c{at}"], [after]),
        ]
        before, channels = after, filters
    nodes[-1].output[0] = "y"
    content = model(nodes, [floats("x", 1, 8, 9, 9)], [floats("y", 1, 24, 9, 9)], weights)
    found = package(content, "net", {}, BOUNDS).package
    assert len(found.stages) == 4
    # The first layer reads an input, which is bound for reading alone.
    assert len(found.sources) == 2


@pytest.mark.parametrize("kernel", [(3, 3), (1, 1)])
def test_a_sum_as_long_as_an_adapter_loops_is_whole(kernel: tuple[int, int]) -> None:
    depth = (MAX_LOOP - 1000) // prod(kernel)
    shape = (1, depth, *kernel)
    weights = [numpy_helper.from_array(np.ones(shape, np.float32), "w")]
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    content = model([node], [floats("x", *shape)], [out], weights)
    found = runner().run(content, {"x": np.ones(shape, np.float32)}).outputs["y"]
    assert found.reshape(()) == depth * prod(kernel)


def test_a_sum_that_an_adapter_would_cut_is_refused() -> None:
    x, w = np.ones((1, MAX_LOOP), np.float32), np.ones((MAX_LOOP, 1), np.float32)
    content = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [floats("x", *x.shape), floats("w", *w.shape)],
        [floats("y", 1, 1)],
    )
    with pytest.raises(UnsupportedOperator, match="turns"):
        runner().run(content, {"x": x, "w": w})
    window = model(
        [helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[256, 256])],
        [floats("x", 1, 1, 256, 256)],
        [floats("y", 1, 1, 1, 1)],
    )
    with pytest.raises(UnsupportedOperator, match="turns"):
        runner().run(window, {"x": np.ones((1, 1, 256, 256), np.float32)})
