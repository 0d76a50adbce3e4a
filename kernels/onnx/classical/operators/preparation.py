"""What prepares features: scaling, norms, missing values, selection."""

from collections.abc import Sequence

import numpy as np
import onnx

from kernels.onnx.classical.draft import Draft, attributes_of, label, reals
from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.registration import operator


@operator("Scaler")
def scaler(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites (x - offset) * scale."""
    attributes = attributes_of(node)
    offset, scale = reals(attributes.get("offset", [0])), reals(attributes.get("scale", [1]))
    moved = draft.node("Sub", draft.real(node.input[0]), draft.constant(offset))
    return (draft.node("Mul", moved, draft.constant(scale)),)


@operator("Normalizer")
def normalizer(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites rows divided by their norm; a row of zeros stays as it is."""
    kind = attributes_of(node).get("norm", "MAX")
    x = draft.real(node.input[0])
    match kind:
        case "L1":
            norm = draft.reduced("ReduceSum", draft.node("Abs", x), -1, keep=True)
        case "L2":
            square = draft.node("Mul", x, x)
            norm = draft.node("Sqrt", draft.reduced("ReduceSum", square, -1, keep=True))
        case _:
            raise UnsupportedModel(label(node), f"norm {kind} has no form here; use L1 or L2")
    empty = draft.node("Equal", norm, draft.constant(reals(0)))
    return (draft.node("Div", x, draft.node("Where", empty, draft.constant(reals(1)), norm)),)


@operator("Imputer")
def imputer(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites a missing value as the one for its column."""
    attributes = attributes_of(node)
    x = node.input[0]
    if "imputed_value_floats" in attributes:
        values = reals(attributes["imputed_value_floats"])
        replaced = reals(attributes.get("replaced_value_float", 0.0))
    elif "imputed_value_int64s" in attributes:
        values = np.asarray(attributes["imputed_value_int64s"], np.int64)
        replaced = np.asarray(attributes.get("replaced_value_int64", 0), np.int64)
    else:
        raise UnsupportedModel(label(node), "it states no values to put in")
    if replaced.dtype.kind == "f" and np.isnan(replaced):
        missing = draft.node("IsNaN", x)
    else:
        missing = draft.node("Equal", x, draft.constant(replaced))
    return (draft.node("Where", missing, draft.constant(values), x),)


@operator("Binarizer")
def binarizer(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites 1 above the threshold and 0 elsewhere."""
    threshold = reals(attributes_of(node).get("threshold", 0.0))
    above = draft.node("Greater", draft.real(node.input[0]), draft.constant(threshold))
    return (draft.real(above),)


@operator("ArrayFeatureExtractor")
def array_feature_extractor(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites the choice of places along the last axis; a vector becomes a row."""
    x, places = node.input
    flat = draft.reshaped(places, -1)
    if draft.rank(node, x) == 1:
        rows = draft.node("Gather", draft.reshaped(x, -1, 1), flat, axis=0)
        return (draft.reshaped(rows, 1, -1),)
    return (draft.node("Gather", x, flat, axis=-1),)


@operator("FeatureVectorizer")
def feature_vectorizer(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites columns side by side."""
    return (draft.node("Concat", *(draft.real(name) for name in node.input), axis=1),)
