"""Recognises norms that exporters write as means, squares, roots and quotients."""

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.exact.expansion.moments import norm_by_moments
from kernels.onnx.registration import operator

MEANS = ("ReduceMean", "ReduceSum", "ReduceSumSquare")
LAYER_NORM, RMS_NORM = "LayerNormalization", "SimplifiedLayerNormalization"


def norm(draft: Draft, node: onnx.NodeProto, x: str, root: str) -> bool:
    """Rewrites x over the root of the mean of its squares as one norm over the last axis.

    Returns false where the root is not that. A norm of x minus its mean is a layer norm.
    """
    found = _mean_square(draft, root)
    if found is None or found[0] != x:
        return False
    shape = draft.shape(x)
    epsilon, total = found[1:]
    # The root of a sum of squares is √C times that of their mean.
    scale = draft.number(np.full(shape[-1], shape[-1] ** -0.5 if total else 1.0))
    epsilon = epsilon / shape[-1] if total else epsilon
    draft.begin(node)
    source = _centred(draft, x)
    kind = RMS_NORM if source is None else LAYER_NORM
    draft.node(kind, [source or x, scale], node.output[0], axis=-1, epsilon=epsilon)
    return True


@operator("Mul")
def product(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites x times the reciprocal of a root as a norm, or moves a factor into a norm."""
    for x, other in (node.input, node.input[::-1]):
        if norm_by_moments(draft, node, x, other):
            return True
        root = _inverted(draft, other)
        if root and norm(draft, node, x, root):
            return True
        if _into_norm(draft, node, x, other, 1):
            return True
    return False


@operator("Add")
def total(draft: Draft, node: onnx.NodeProto) -> bool:
    """Moves a constant row that is added to a layer norm into it."""
    return any(_into_norm(draft, node, x, y, 2) for x, y in (node.input, node.input[::-1]))


@operator("LpNormalization")
def unit(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites a row over its Euclidean length, over the last axis, as a norm."""
    attributes = plain(node).attributes
    shape = draft.shape(node.input[0])
    if attributes.get("p", 2) != 2 or attributes.get("axis", -1) % len(shape) != len(shape) - 1:
        return False
    draft.begin(node)
    scale = draft.number(np.full(shape[-1], shape[-1] ** -0.5))
    draft.node(RMS_NORM, [node.input[0], scale], node.output[0], axis=-1, epsilon=0.0)
    return True


@operator("RMSNormalization")
def rms(draft: Draft, node: onnx.NodeProto) -> bool:
    """Renames the norm of opset 23 over the last axis to the one that onnxruntime always knows."""
    attributes = plain(node).attributes
    rank = len(draft.shape(node.input[0]))
    if attributes.get("axis", -1) % rank != rank - 1:
        return False
    draft.begin(node)
    epsilon = attributes.get("epsilon", 1e-5)
    draft.node(RMS_NORM, list(node.input), node.output[0], axis=-1, epsilon=epsilon)
    return True


def _into_norm(draft: Draft, node: onnx.NodeProto, x: str, row: str, position: int) -> bool:
    """Moves a row of one number per position of the last axis into the norm that made x."""
    made, constant = draft.maker(x), draft.constants.get(row)
    kinds = (LAYER_NORM, RMS_NORM) if position == 1 else (LAYER_NORM,)
    if made is None or constant is None or made.op_type not in kinds or draft.readers(x) != 1:
        return False
    attributes = plain(made).attributes
    width = draft.shape(x)[-1]
    fits = constant.shape[-1:] == (width,) and constant.size == width
    last = attributes.get("axis", -1) % len(draft.shape(x)) == len(draft.shape(x)) - 1
    biased = bool(draft.given(made, 2))
    if (
        not fits
        or not last
        or (position == 1 and biased)
        or draft.shape(node.output[0]) != (draft.shape(x))
    ):
        return False
    known = [draft.constants.get(draft.given(made, at)) for at in (1, 2)]
    if known[0] is None or (biased and known[1] is None):
        return False
    draft.begin(node)
    gamma, beta = known
    flat = constant.reshape(-1)
    if position == 1:
        numbers = [draft.number(gamma * flat)]
    else:
        numbers = [made.input[1], draft.number(flat if beta is None else beta + flat)]
    draft.node(made.op_type, [made.input[0], *numbers], node.output[0], **attributes)
    return True


def _inverted(draft: Draft, name: str) -> str:
    """Returns the tensor whose reciprocal this is, or an empty string."""
    made = draft.maker(name)
    if made is not None and made.op_type == "Reciprocal":
        return str(made.input[0])
    if made is not None and made.op_type == "Div" and _is(draft, made.input[0], 1.0):
        return str(made.input[1])
    return ""


def _mean_square(draft: Draft, root: str) -> tuple[str, float, bool] | None:
    """Returns what a root is the root of: a tensor, the epsilon, and whether it is a sum."""
    made = draft.maker(root)
    if made is None:
        return None
    if made.op_type == "ReduceL2":
        return (made.input[0], 0.0, True) if _last(draft, made) else None
    if made.op_type != "Sqrt" and not (made.op_type == "Pow" and _is(draft, made.input[1], 0.5)):
        return None
    name, epsilon = _without_epsilon(draft, made.input[0])
    mean = draft.maker(name)
    if mean is None or mean.op_type not in MEANS or not _last(draft, mean):
        return None
    squared = mean.input[0] if mean.op_type == "ReduceSumSquare" else _squared(draft, mean.input[0])
    return (squared, epsilon, mean.op_type != "ReduceMean") if squared else None


def _without_epsilon(draft: Draft, name: str) -> tuple[str, float]:
    """Returns a tensor and the number that is added to it; the tensor itself if there is none."""
    made = draft.maker(name)
    if made is None or made.op_type != "Add":
        return name, 0.0
    for x, other in (made.input, made.input[::-1]):
        constant = draft.constants.get(other)
        if constant is not None and constant.size == 1:
            return x, float(constant.reshape(-1)[0])
    return name, 0.0


def _squared(draft: Draft, name: str) -> str:
    """Returns the tensor that this is the square of, or an empty string."""
    made = draft.maker(name)
    if made is None:
        return ""
    doubled = made.op_type == "Mul" and made.input[0] == made.input[1]
    if doubled or (made.op_type == "Pow" and _is(draft, made.input[1], 2.0)):
        return str(made.input[0])
    return ""


def _centred(draft: Draft, x: str) -> str | None:
    """Returns the tensor that x is, less its mean over the last axis."""
    made = draft.maker(x)
    if made is None or made.op_type != "Sub":
        return None
    mean = draft.maker(made.input[1])
    if mean is None or mean.op_type != "ReduceMean" or not _last(draft, mean):
        return None
    return made.input[0] if mean.input[0] == made.input[0] else None


def _last(draft: Draft, node: onnx.NodeProto) -> bool:
    """Returns whether a reduction is over the last axis alone and keeps it."""
    attributes = plain(node).attributes
    axes = attributes.get("axes")
    if draft.given(node, 1):
        found = draft.constants.get(node.input[1])
        axes = None if found is None else found.reshape(-1).tolist()
    rank = len(draft.shape(node.input[0]))
    kept = bool(attributes.get("keepdims", 1))
    return kept and axes is not None and [int(axis) % rank for axis in axes] == [rank - 1]


def _is(draft: Draft, name: str, number: float) -> bool:
    found = draft.constants.get(name)
    return found is not None and found.size == 1 and float(found.reshape(-1)[0]) == number
