"""Quantisation at run time, whose scales depend on the data: back to the float form.

A calibration set then gives the scales, once for all runs.
"""

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.registration import operator
from kernels.trace.layout import Array


@operator("DynamicQuantizeLinear")
def dynamic(draft: Draft, node: onnx.NodeProto) -> bool:
    """Passes the real numbers on, at scale 1 and zero point 0."""
    draft.begin(node)
    draft.node("Identity", [node.input[0]], node.output[0])
    for position, number in ((1, np.float32(1)), (2, np.uint8(0))):
        if draft.wanted(node, position):
            draft.constants[node.output[position]] = np.asarray(number)
    return True


@operator("MatMulInteger", "ConvInteger")
def integer(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a product whose activations are real numbers again as one of floats."""
    if not draft.real(node.input[0]):
        return False
    draft.begin(node)
    weights = np.asarray(draft.fixed(node, 1), np.float64)
    if draft.given(node, 3):
        zero = np.asarray(draft.fixed(node, 3), np.float64)
        if node.op_type == "ConvInteger" and zero.ndim == 1 and zero.size > 1:
            zero = zero.reshape(-1, *[1] * (weights.ndim - 1))
        weights = weights - zero
    kind = "MatMul" if node.op_type == "MatMulInteger" else "Conv"
    draft.node(
        kind,
        [node.input[0], draft.number(weights)],
        node.output[0],
        **plain(node).attributes,
    )
    return True


@operator("Cast")
def cast(draft: Draft, node: onnx.NodeProto) -> bool:
    """Drops the cast of an accumulator that is a real number again."""
    if plain(node).attributes["to"] != onnx.TensorProto.FLOAT or not draft.real(node.input[0]):
        return False
    draft.begin(node)
    draft.node("Identity", [node.input[0]], node.output[0])
    return True


@operator("MatMulIntegerToFloat", "DynamicQuantizeMatMul")
def fused(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites onnxruntime's products of run-time quantisation as a product and a bias."""
    direct = node.op_type == "DynamicQuantizeMatMul"
    if not direct and not draft.real(node.input[0]):
        raise LoweringError(
            plain(node).label, "its left operand is not quantised by DynamicQuantizeLinear"
        )
    draft.begin(node)
    scale, zero, bias = (2, 3, 4) if direct else (3, 5, 6)
    weights = _dequantised(draft, node, 1, scale, zero)
    x = node.input[0]
    if not draft.given(node, bias):
        draft.node("MatMul", [x, draft.number(weights)], node.output[0])
        return True
    product = draft.node("MatMul", [x, draft.number(weights)])
    draft.node("Add", [product, node.input[bias]], node.output[0])
    return True


@operator("DynamicQuantizeLSTM")
def lstm(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites onnxruntime's LSTM of int8 weights [D, K, 4 · H] as a float one."""
    draft.begin(node)
    weights = [
        draft.number(np.swapaxes(_dequantised(draft, node, at, scale, scale + 1), 1, 2))
        for at, scale in ((1, 8), (2, 10))
    ]
    inputs = [node.input[0], *weights, *(draft.given(node, at) for at in range(3, 8))]
    draft.several("LSTM", inputs, list(node.output), **plain(node).attributes)
    return True


def _dequantised(draft: Draft, node: onnx.NodeProto, at: int, scale: int, zero: int) -> Array:
    """Returns real weights; a scale has no axes, or those of the weights but for the rows."""
    values = np.asarray(draft.fixed(node, at), np.float64)
    factors = np.asarray(draft.fixed(node, scale), np.float64)
    offset = np.zeros(())
    if draft.given(node, zero):
        offset = np.asarray(draft.fixed(node, zero), np.float64)
    if values.ndim == 3:
        factors, offset = (
            each.reshape(each.shape[0], 1, -1) if each.ndim else each for each in (factors, offset)
        )
    found: Array = (values - offset) * factors
    return found
