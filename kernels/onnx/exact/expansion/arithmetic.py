"""Sums and means of several tensors, differences and quotients, and reductions of functions."""

from math import prod

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.exact.expansion.moments import softmax_by_sums
from kernels.onnx.exact.expansion.patterns import norm
from kernels.onnx.registration import operator

# How the elements are changed before they are summed, and the sum after that.
REDUCTIONS = {
    "ReduceL1": ("Abs", ""),
    "ReduceL2": ("Square", "Sqrt"),
    "ReduceSumSquare": ("Square", ""),
    "ReduceLogSum": ("", "Log"),
}


@operator("Sum", "Mean")
def several(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a sum or a mean of any number of tensors as a chain of Add."""
    draft.begin(node)
    total, *others = node.input
    for other in others:
        total = draft.node("Add", [total, other])
    if node.op_type == "Mean" and others:
        total = draft.node("Mul", [total, draft.number(1.0 / len(node.input))])
    draft.node("Identity", [total], node.output[0])
    return True


@operator("Sub")
def difference(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a constant minus a tensor as -1 · x + constant."""
    if node.input[0] not in draft.constants:
        return False
    draft.begin(node)
    turned = draft.node("Mul", [node.input[1], draft.number(-1.0)])
    draft.node("Add", [turned, node.input[0]], node.output[0])
    return True


@operator("Div")
def quotient(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a quotient of computed tensors: a norm, a softmax, or a product with 1 over one."""
    if node.input[0] in draft.constants or node.input[1] in draft.constants:
        return False
    if norm(draft, node, *node.input) or softmax_by_sums(draft, node):
        return True
    draft.begin(node)
    inverse = draft.node("Reciprocal", [node.input[1]])
    draft.node("Mul", [node.input[0], inverse], node.output[0])
    return True


@operator(*REDUCTIONS)
def reduction(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites the sum of a function of the elements as ReduceSum."""
    label = draft.begin(node)
    before, after = REDUCTIONS[node.op_type]
    attributes = plain(node).attributes
    axes = attributes.get("axes")
    if draft.given(node, 1):
        axes = draft.fixed(node, 1).tolist()
    if not axes and attributes.get("noop_with_empty_axes", 0):
        raise LoweringError(label, "reduces no axis; leave it out of the exported graph")
    shape = draft.shape(node.input[0])
    axes = [int(each) % len(shape) for each in (axes or range(len(shape)))]
    x = node.input[0]
    if before:
        x = draft.node("Mul", [x, x]) if before == "Square" else draft.node(before, [x])
    total = draft.reduced("ReduceSum", x, axes)
    if after:
        total = draft.node(after, [total])
    kept = shape_without(shape, axes, bool(attributes.get("keepdims", 1)))
    if kept:
        draft.reshaped(total, kept, node.output[0])
    else:
        draft.node("Reshape", [total, draft.number(np.zeros(0), np.int64)], node.output[0])
    return True


@operator("Shape", "Size")
def sizes(draft: Draft, node: onnx.NodeProto) -> bool:
    """Replaces the shape of a tensor, or a part of it, by a constant."""
    shape = draft.shape(node.input[0])
    draft.begin(node)
    attributes = plain(node).attributes
    found = np.array(shape[attributes.get("start", 0) : attributes.get("end")], np.int64)
    draft.constants[node.output[0]] = found if node.op_type == "Shape" else np.array(prod(shape))
    return True


@operator("Tile")
def tile(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a repetition as a broadcast of a new axis before each repeated one."""
    shape = draft.shape(node.input[0])
    times = [int(each) for each in draft.fixed(node, 1).reshape(-1)]
    draft.begin(node)
    x = node.input[0]
    for at, count in enumerate(times):
        if count > 1:
            x = draft.reshaped(x, (*shape[:at], 1, *shape[at:]))
            wide = (*shape[:at], count, *shape[at:])
            x = draft.node("Expand", [x, draft.number(wide, np.int64)])
            shape = (*shape[:at], shape[at] * count, *shape[at + 1 :])
            x = draft.reshaped(x, shape)
    draft.node("Identity", [x], node.output[0])
    return True


def shape_without(shape: tuple[int, ...], axes: list[int], keep: bool) -> tuple[int, ...]:
    """Returns the shape of a reduction."""
    return tuple(
        1 if at in axes else size for at, size in enumerate(shape) if keep or at not in axes
    )
