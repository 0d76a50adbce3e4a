"""Linear models, and what turns scores into probabilities and labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx

from kernels.onnx.classical.draft import Draft, attributes_of, label, reals
from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.registration import operator


@operator("LinearRegressor")
def linear_regressor(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites y = x · coefficients + intercepts."""
    attributes = attributes_of(node)
    targets = int(attributes.get("targets", 1))
    return (transformed(draft, node, _product(draft, node, targets)),)


@operator("LinearClassifier")
def linear_classifier(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites one score per class; the label is the class of the largest."""
    classes = len(labels_of(attributes_of(node)))
    scores = _product(draft, node, classes)
    return chosen(draft, node, scores), transformed(draft, node, scores)


def labels_of(attributes: dict[str, Any]) -> list[int] | list[str]:
    """Returns the classes of a classifier."""
    integers = attributes.get("classlabels_int64s", attributes.get("classlabels_ints"))
    return list(integers if integers is not None else attributes.get("classlabels_strings", []))


def chosen(draft: Draft, node: onnx.NodeProto, scores: str) -> str | None:
    """Returns the label of the largest score of each row; None where labels are texts."""
    labels = labels_of(attributes_of(node))
    place = draft.node("ArgMax", scores, axis=1, keepdims=0)
    if labels == list(range(len(labels))):
        return place
    if not labels or not isinstance(labels[0], int):
        return None
    table = draft.constant(np.array(labels, np.int64).reshape(-1, 1))
    return draft.reshaped(draft.node("Gather", table, place, axis=0), -1)


def transformed(draft: Draft, node: onnx.NodeProto, scores: str) -> str:
    """Returns scores after the node's `post_transform`; raises UnsupportedModel for rare ones."""
    kind = attributes_of(node).get("post_transform", "NONE")
    match kind:
        case "NONE":
            return scores
        case "LOGISTIC":
            return draft.node("Sigmoid", scores)
        case "SOFTMAX":
            return draft.node("Softmax", scores, axis=1)
        case _:
            raise UnsupportedModel(label(node), f"post_transform {kind} has no form here")


def _product(draft: Draft, node: onnx.NodeProto, rows: int) -> str:
    attributes = attributes_of(node)
    coefficients = reals(attributes.get("coefficients", ()))
    if not rows or not coefficients.size or coefficients.size % rows:
        raise UnsupportedModel(
            label(node), f"{coefficients.size} coefficients for {rows} rows of scores"
        )
    weights = coefficients.reshape(rows, -1)
    intercepts = reals(attributes.get("intercepts", np.zeros(rows)))
    if intercepts.size != rows:
        raise UnsupportedModel(label(node), f"{intercepts.size} intercepts for {rows} scores")
    x = draft.real(node.input[0])
    return draft.node("Gemm", x, draft.constant(weights), draft.constant(intercepts), transB=1)
