"""The place of the largest element."""

import numpy as np

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.tensor import Tensor, stored_shape
from kernels.onnx.registration import operator


@operator("ArgMax")
def argmax(lowering: Lowering, node: Node) -> None:
    """Lowers ArgMax along any axis; of equal elements the first counts."""
    if node.attributes.get("select_last_index", 0):
        raise LoweringError(node.label, "the last of equal elements has no exact form")
    x = lowering.tensor(node)
    if x.per_channel:
        x = lowering.emit.int32(x)
    axis = int(node.attributes.get("axis", 0)) % max(x.layout.ndim, 1)
    moved = x.viewed(np.moveaxis(x.layout, axis, -1))
    value = lowering.emit.build.argmax(lowering.emit.stored(moved, stored_shape(moved.shape)))
    kept = Tensor.dense(value, (*moved.shape[:-1], 1), 1.0)
    layout = np.moveaxis(kept.layout, -1, axis)
    if not node.attributes.get("keepdims", 1):
        layout = np.squeeze(layout, axis)
    lowering.put(node, kept.viewed(layout))
