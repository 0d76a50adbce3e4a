"""Replaces an If whose condition is a constant by the branch that it takes."""

import numpy as np
import onnx
from onnx import helper

from kernels.onnx.exact.attributes import constants_of


def inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns the model with every If of a constant condition replaced by its branch."""
    found = model
    while any(node.op_type == "If" for node in found.graph.node):
        known, _ = constants_of(found)
        taken = [
            node for node in found.graph.node if node.op_type == "If" and node.input[0] in known
        ]
        if not taken:
            break
        copy = onnx.ModelProto()
        copy.CopyFrom(found)
        del copy.graph.node[:]
        for node in found.graph.node:
            if node in taken:
                _take(copy.graph, node, bool(np.ravel(known[node.input[0]])[0]))
            else:
                copy.graph.node.append(node)
        found = copy
    return found


def _take(graph: onnx.GraphProto, node: onnx.NodeProto, condition: bool) -> None:
    name = "then_branch" if condition else "else_branch"
    branch = next(each.g for each in node.attribute if each.name == name)
    graph.initializer.extend(branch.initializer)
    graph.value_info.extend(branch.value_info)
    graph.node.extend(branch.node)
    for value, output in zip(branch.output, node.output, strict=False):
        graph.node.append(helper.make_node("Identity", [value.name], [output], node.name))
