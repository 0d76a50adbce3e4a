"""Ensembles of decision trees: all trees take one step down at a time.

A step reads the feature and the threshold of the node where each tree stands. Leaves lead to
themselves, so that every tree has arrived after as many steps as the deepest one has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from kernels.onnx.classical.draft import Draft, attributes_of, label, reals
from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.classical.operators.linear import chosen, labels_of, transformed
from kernels.onnx.registration import operator
from kernels.trace.layout import Array

LEAF = "LEAF"
# Which operator compares a feature with a threshold, and whether its answer is turned round.
MODES = {
    "BRANCH_LEQ": ("LessOrEqual", False),
    "BRANCH_LT": ("Less", False),
    "BRANCH_GTE": ("GreaterOrEqual", False),
    "BRANCH_GT": ("Greater", False),
    "BRANCH_EQ": ("Equal", False),
    "BRANCH_NEQ": ("Equal", True),
}
MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class Forest:
    """The nodes of all trees in one list; `yes` and `no` are places in it, a leaf's its own.

    `values` [nodes, outputs] are what leaves add. `missing` sends NaN to `yes`.
    """

    mode: str
    features: Array
    thresholds: Array
    yes: Array
    no: Array
    missing: Array
    values: Array
    roots: Array
    steps: int


@operator("TreeEnsembleRegressor")
def tree_regressor(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites the sum or another aggregate of the trees' leaves."""
    attributes = attributes_of(node)
    outputs = int(attributes.get("n_targets", 1))
    forest = _forest(node, attributes, "target", outputs)
    kind = attributes.get("aggregate_function", "SUM")
    leaves = _leaves(draft, forest, node.input[0])
    match kind:
        case "SUM" | "AVERAGE":
            found = draft.reduced("ReduceSum", leaves, 1, keep=False)
        case "MIN" | "MAX":
            found = draft.reduced(f"Reduce{kind.capitalize()}", leaves, 1, keep=False)
        case _:
            raise UnsupportedModel(label(node), f"aggregate {kind} has no form here")
    if kind == "AVERAGE":
        found = draft.node("Div", found, draft.constant(reals(len(forest.roots))))
    return (transformed(draft, node, _moved(draft, attributes, found)),)


@operator("TreeEnsembleClassifier")
def tree_classifier(draft: Draft, node: onnx.NodeProto) -> Sequence[str | None]:
    """Rewrites the sum of the leaves per class; the label is the class of the largest.

    A forest of two classes may state weights of one of them alone. Its score then decides: above
    0.5 where all weights are probabilities, above 0 otherwise.
    """
    attributes = attributes_of(node)
    classes = len(labels_of(attributes))
    forest = _forest(node, attributes, "class", classes)
    leaves = _leaves(draft, forest, node.input[0])
    total = _moved(draft, attributes, draft.reduced("ReduceSum", leaves, 1, keep=False))
    stated = set(attributes.get("class_ids", ()))
    if classes == 2 and len(stated) == 1:
        return _of_two(draft, node, total, min(stated))
    return chosen(draft, node, total), transformed(draft, node, total)


def _of_two(draft: Draft, node: onnx.NodeProto, total: str, stated: int) -> Sequence[str | None]:
    """Returns label and scores where only one of two classes has weights."""
    attributes = attributes_of(node)
    kind = attributes.get("post_transform", "NONE")
    probable = min(attributes.get("class_weights", (0,))) >= 0
    score = draft.node("Gather", total, draft.constant(np.array([stated], np.int64)), axis=1)
    one = draft.constant(reals(1))
    other = draft.node("Sub", one, score) if probable else draft.node("Neg", score)
    raw = draft.node("Concat", other, score, axis=1)
    match kind:
        case "NONE":
            scores = raw
        case "LOGISTIC" if not probable:
            positive = draft.node("Sigmoid", score)
            scores = draft.node("Concat", draft.node("Sub", one, positive), positive, axis=1)
        case _:
            raise UnsupportedModel(
                label(node), f"post_transform {kind} of the weights of one class has no form here"
            )
    return chosen(draft, node, raw), scores


def _moved(draft: Draft, attributes: dict[str, Any], total: str) -> str:
    base = attributes.get("base_values")
    return draft.node("Add", total, draft.constant(reals(base))) if base else total


def _leaves(draft: Draft, forest: Forest, x: str) -> str:
    """Returns what the leaf of every tree holds, [N, trees, outputs]."""
    table = draft.real(x)
    # A place per row and tree, which begins at the tree's root.
    one = draft.constant(np.array([1], np.int64))
    shape = draft.node("Concat", draft.node("Shape", table, start=0, end=1), one, axis=0)
    place = draft.node("Expand", draft.constant(forest.roots[np.newaxis]), shape)
    features, thresholds = draft.constant(forest.features), draft.constant(forest.thresholds)
    yes, no = draft.constant(forest.yes), draft.constant(forest.no)
    compare, turned = MODES[forest.mode]
    for _ in range(forest.steps):
        value = draft.node(
            "GatherElements", table, draft.node("Gather", features, place, axis=0), axis=1
        )
        passes = draft.node(compare, value, draft.node("Gather", thresholds, place, axis=0))
        if turned:
            passes = draft.node("Not", passes)
        if forest.missing.any():
            sent = draft.node("Gather", draft.constant(forest.missing), place, axis=0)
            absent = draft.node("And", draft.node("IsNaN", value), sent)
            passes = draft.node("Or", passes, absent)
        place = draft.node(
            "Where",
            passes,
            draft.node("Gather", yes, place, axis=0),
            draft.node("Gather", no, place, axis=0),
        )
    return draft.node("Gather", draft.constant(forest.values), place, axis=0)


def _forest(node: onnx.NodeProto, attributes: dict[str, Any], word: str, outputs: int) -> Forest:
    """Returns the trees of a node; raises UnsupportedModel where they are malformed."""
    trees = [int(each) for each in attributes.get("nodes_treeids", ())]
    numbers = [int(each) for each in attributes.get("nodes_nodeids", ())]
    kinds = [each.decode() for each in attributes.get("nodes_modes", ())]
    places = {key: at for at, key in enumerate(zip(trees, numbers, strict=False))}
    count = len(trees)
    columns = ("nodes_featureids", "nodes_values", "nodes_truenodeids", "nodes_falsenodeids")
    lengths = {len(attributes.get(name, ())) for name in columns} | {len(kinds), len(numbers)}
    if not count or lengths != {count} or len(places) != count or not outputs:
        raise UnsupportedModel(label(node), "its trees are malformed")
    modes = {kind for kind in kinds if kind != LEAF}
    if len(modes) > 1 or not modes <= MODES.keys():
        raise UnsupportedModel(label(node), f"nodes compare in the ways {', '.join(sorted(modes))}")
    leaf = np.array([kind == LEAF for kind in kinds])
    try:
        yes, no = (
            np.array([
                at if leaf[at] else places[trees[at], int(target)]
                for at, target in enumerate(attributes[name])
            ], np.int64)
            for name in columns[2:]
        )  # fmt: skip
        values = np.zeros((count, outputs), np.float32)
        leaves = zip(
            attributes[f"{word}_treeids"], attributes[f"{word}_nodeids"],
            attributes[f"{word}_ids"], attributes[f"{word}_weights"], strict=True,
        )  # fmt: skip
        for tree, number, output, weight in leaves:
            values[places[tree, number], output] += np.float32(weight)
    except (KeyError, ValueError, IndexError) as error:
        raise UnsupportedModel(label(node), f"its trees are malformed: {error}") from error
    if (values[~leaf] != 0).any():
        raise UnsupportedModel(label(node), "a node that is no leaf has a value")
    missing = np.array(attributes.get("nodes_missing_value_tracks_true") or [0] * count, bool)
    first = {tree: at for at, tree in reversed(list(enumerate(trees)))}
    roots = np.array(sorted(first.values()), np.int64)
    features = np.where(leaf, 0, np.array(attributes["nodes_featureids"], np.int64))
    return Forest(
        next(iter(modes), "BRANCH_LEQ"),
        features,
        reals(attributes["nodes_values"]),
        yes,
        no,
        missing & ~leaf,
        values,
        roots,
        _depth(node, yes, no, leaf, roots),
    )


def _depth(node: onnx.NodeProto, yes: Array, no: Array, leaf: Array, roots: Array) -> int:
    """Returns the steps of the deepest tree; raises UnsupportedModel for cycles."""
    standing, steps = np.unique(roots), 0
    while (moving := standing[~leaf[standing]]).size:
        steps += 1
        if steps > MOST_STEPS:
            raise UnsupportedModel(label(node), f"a tree is deeper than {MOST_STEPS} steps")
        standing = np.unique(np.concatenate([yes[moving], no[moving]]))
    return steps
