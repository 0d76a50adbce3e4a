"""Pipelines of scikit-learn as skl2onnx writes them, with random numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from kernels.onnx.classical import DOMAIN

FEATURES, CLASSES = 4, 3
FLOAT, INTEGER = TensorProto.FLOAT, TensorProto.INT64
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def ml(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Any:
    """Returns a node of ONNX-ML."""
    return helper.make_node(kind, inputs, outputs, kind, domain=DOMAIN, **attributes)


def pipeline(
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[tuple[str, int]],
    *,
    kind: int = FLOAT,
    columns: int = FEATURES,
    opset: int = 17,
    rank: int = 2,
) -> onnx.ModelProto:
    """Returns a model of the input x [N, columns].

    `outputs` are names and element types, -1 for a list of dictionaries; those of integers have
    one axis less than the `rank` of the others.
    """
    graph = helper.make_graph(
        nodes,
        "pipeline",
        [helper.make_tensor_value_info("x", kind, [None, columns])],
        [_output(name, each, rank) for name, each in outputs],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(DOMAIN, 3)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def _output(name: str, kind: int, rank: int) -> onnx.ValueInfoProto:
    if kind < 0:
        return onnx.ValueInfoProto(name=name)
    axes = rank if kind == FLOAT else rank - 1
    return helper.make_tensor_value_info(name, kind, [None] * axes)


def zipped(labels: Sequence[int] | Sequence[str]) -> onnx.ModelProto:
    """Returns a scaler and a linear classifier whose probabilities are a list of dictionaries."""
    key = "classlabels_strings" if isinstance(labels[0], str) else "classlabels_ints"
    zip_key = key.replace("ints", "int64s")
    nodes = [
        ml("Scaler", ["x"], ["scaled"], offset=[0.5] * FEATURES, scale=[2.0] * FEATURES),
        ml("LinearClassifier", ["scaled"], ["label", "raw"],
           coefficients=_drawn(CLASSES * FEATURES), intercepts=_drawn(CLASSES),
           post_transform="LOGISTIC", **{key: list(labels)}),
        ml("Normalizer", ["raw"], ["probabilities"], norm="L1"),
        ml("ZipMap", ["probabilities"], ["zipped"], **{zip_key: list(labels)}),
    ]  # fmt: skip
    text = isinstance(labels[0], str)
    model = pipeline(nodes, [("label", TensorProto.STRING if text else INTEGER), ("zipped", -1)])
    value = TensorProto.STRING if text else INTEGER
    model.graph.output[1].type.sequence_type.elem_type.map_type.key_type = value
    table = model.graph.output[1].type.sequence_type.elem_type.map_type.value_type
    table.tensor_type.elem_type = FLOAT
    return model


def forest(
    seed: int,
    *,
    classes: int = 0,
    targets: int = 1,
    mode: str = "BRANCH_LEQ",
    stated: int | None = None,
    tracks: bool = False,
    **attributes: Any,
) -> onnx.ModelProto:
    """Returns a random forest: a classifier where `classes` are given, otherwise a regressor.

    Only the class `stated` has weights, where it is given. With `tracks` some nodes send NaN to
    the branch of those that pass.
    """
    generator = np.random.default_rng(seed)
    word, outputs = ("class", classes) if classes else ("target", targets)
    held: dict[str, list[Any]] = {}

    def add(**values: Any) -> None:
        for name, value in values.items():
            held.setdefault(name, []).append(value)

    for tree in range(int(generator.integers(1, 5))):
        count = 0

        def grow(depth: int, tree: int = tree) -> int:
            nonlocal count
            number, count = count, count + 1
            inner = depth < 4 and generator.random() < (1.0 if depth == 0 else 0.7)
            at = len(held.get("nodes_nodeids", ()))
            add(nodes_treeids=tree, nodes_nodeids=number, nodes_hitrates=1.0,
                nodes_featureids=int(generator.integers(FEATURES)) if inner else 0,
                nodes_values=float(np.float32(generator.integers(-2, 3))) if inner else 0.0,
                nodes_modes=mode if inner else "LEAF", nodes_truenodeids=0, nodes_falsenodeids=0,
                nodes_missing_value_tracks_true=int(tracks and generator.random() < 0.5),
            )  # fmt: skip
            if inner:
                held["nodes_truenodeids"][at] = grow(depth + 1)
                held["nodes_falsenodeids"][at] = grow(depth + 1)
            else:
                for output in range(outputs) if stated is None else (stated,):
                    add(**{f"{word}_treeids": tree, f"{word}_nodeids": number,
                           f"{word}_ids": output,
                           f"{word}_weights": float(np.float32(generator.normal()))})  # fmt: skip
            return number

        grow(0)
    if classes:
        names, kinds = ["label", "scores"], [("label", INTEGER), ("scores", FLOAT)]
        held["classlabels_int64s"] = [10 * number for number in range(classes)]
        node = ml("TreeEnsembleClassifier", ["x"], names, **held, **attributes)
        return pipeline([node], kinds)
    node = ml("TreeEnsembleRegressor", ["x"], ["y"], n_targets=targets, **held, **attributes)
    return pipeline([node], [("y", FLOAT)])


def rows(count: int = 24, seed: int = 0, *, missing: bool = False) -> np.ndarray:
    """Returns rows of features; some lie on thresholds, some are NaN where that is wanted."""
    generator = np.random.default_rng(seed)
    found = generator.normal(0, 2, (count, FEATURES)).astype(np.float32)
    found[::3] = np.rint(found[::3])
    if missing:
        found[generator.random(found.shape) < 0.2] = np.nan
    return found


def _drawn(count: int) -> list[float]:
    drawn = np.random.default_rng(count).normal(size=count).astype(np.float32)
    return [float(each) for each in drawn]
