"""Categories: as columns of ones, and as other numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from kernels.onnx.classical.draft import INDEX, Draft, attributes_of, label, reals
from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.registration import operator
from kernels.trace.layout import Array


@operator("OneHotEncoder")
def one_hot_encoder(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites a category as a row with a one in its place; an unknown one has only zeros."""
    attributes = attributes_of(node)
    categories = attributes.get("cats_int64s")
    if categories is None:
        raise UnsupportedModel(label(node), "categories are texts; encode them as integers before")
    whole = draft.widened(draft.cast(node.input[0], INDEX))
    same = draft.node("Equal", whole, draft.constant(np.asarray(categories, np.int64)))
    return (draft.real(same),)


@operator("LabelEncoder")
def label_encoder(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites each key as its value, anything else as the default."""
    attributes = attributes_of(node)
    keys, values = _numbers(attributes, "keys"), _numbers(attributes, "values")
    if keys is None or values is None or keys.size != values.size:
        raise UnsupportedModel(label(node), "keys and values must be numbers, one value per key")
    if keys.dtype.kind == "f" and np.isnan(keys).any():
        raise UnsupportedModel(label(node), "NaN is one of its keys")
    same = draft.node("Equal", draft.widened(node.input[0]), draft.constant(keys))
    zero = draft.constant(np.zeros((), values.dtype))
    listed = draft.node("Where", same, draft.constant(values), zero)
    found = draft.reduced("ReduceSum", listed, -1, keep=False)
    hits = draft.reduced("ReduceSum", draft.cast(same, INDEX), -1, keep=False)
    known = draft.node("Greater", hits, draft.constant(np.zeros((), np.int64)))
    default = draft.constant(_default(attributes, values))
    return (draft.node("Where", known, found, default),)


def _numbers(attributes: dict[str, Any], word: str) -> Array | None:
    if f"{word}_int64s" in attributes:
        return np.asarray(attributes[f"{word}_int64s"], np.int64)
    if f"{word}_floats" in attributes:
        return reals(attributes[f"{word}_floats"])
    tensor = attributes.get(f"{word}_tensor")
    if tensor is None:
        return None
    found = numpy_helper.to_array(tensor).reshape(-1)
    return found if found.dtype in (np.int64, np.float32) else None


def _default(attributes: dict[str, Any], values: Array) -> Array:
    if "default_tensor" in attributes:
        return np.asarray(
            numpy_helper.to_array(attributes["default_tensor"]), values.dtype
        ).reshape(())
    name, number = ("default_int64", -1) if values.dtype.kind == "i" else ("default_float", -0.0)
    return np.asarray(attributes.get(name, number), values.dtype)
