"""Replaces the nodes of ONNX-ML one by one."""

from collections.abc import Callable, Mapping, Sequence

import onnx
from onnx import defs, helper

from kernels.onnx.classical.draft import Draft
from kernels.onnx.classical.errors import UnsupportedModel
from kernels.onnx.registration import lowerings

DOMAIN = "ai.onnx.ml"
TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")
"""They compare numbers with thresholds, so they have no form in which numbers are rounded."""
OPSET = 17
# A model of an older opset may have these, which mean the same in opset 17.
SAME = frozenset({
    "Abs", "Add", "ArgMax", "Cast", "Concat", "Constant", "ConstantOfShape", "Div", "Equal", "Exp",
    "Expand", "Flatten", "Gather", "Gemm", "Greater", "Identity", "IsNaN", "Less", "Log", "MatMul",
    "Mul", "Neg", "Not", "Pow", "Reciprocal", "Relu", "Reshape", "Shape", "Sigmoid", "Sqrt", "Sub",
    "Tanh", "Transpose", "Where",
})  # fmt: skip

# Returns the names that stand for a node's outputs; None for one that nothing may read.
Rule = Callable[[Draft, onnx.NodeProto], Sequence[str | None]]

RULES: Mapping[str, Rule] = lowerings("kernels.onnx.classical.operators")


def rewritten(model: onnx.ModelProto, keep: Sequence[str] = ()) -> onnx.ModelProto:
    """Returns an equal model of ONNX's own operators, but for those of ONNX-ML to `keep`.

    Raises UnsupportedModel naming a node that cannot be rewritten.
    """
    chosen = [node for node in model.graph.node if node.domain == DOMAIN]
    if not any(node.op_type in RULES and node.op_type not in keep for node in chosen):
        return model
    opset = _raised(model)
    draft = Draft(model, opset)
    for node in model.graph.node:
        if node.domain != DOMAIN or node.op_type in keep or node.op_type not in RULES:
            draft.nodes.append(node)
            continue
        draft.begin(node)
        for name, output in zip(RULES[node.op_type](draft, node), node.output, strict=False):
            if name is not None and output:
                draft.nodes.append(helper.make_node("Identity", [name], [output], output))
    found = onnx.ModelProto()
    found.CopyFrom(model)
    del found.graph.node[:]
    found.graph.node.extend(draft.nodes)
    found.graph.initializer.extend(draft.constants)
    others = [each for each in model.opset_import if each.domain not in ("", "ai.onnx")]
    del found.opset_import[:]
    found.opset_import.extend([helper.make_opsetid("", opset), *others])
    return found


def _raised(model: onnx.ModelProto) -> int:
    """Returns the opset of the rewritten model, at least 17."""
    own = [each.version for each in model.opset_import if each.domain in ("", "ai.onnx")]
    opset = max(own, default=OPSET)
    if opset >= OPSET:
        return opset
    for node in model.graph.node:
        if node.domain in ("", "ai.onnx") and node.op_type not in SAME:
            then, now = (
                defs.get_schema(node.op_type, version, "").since_version
                for version in (opset, OPSET)
            )
            if then != now:
                raise UnsupportedModel(
                    f"{node.op_type} {node.name!r}",
                    f"has the form of opset {opset}; export with opset {OPSET} or later",
                )
    return OPSET
