"""Replaces an If whose condition is a constant by the branch that it takes."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from kernels.onnx.exact.attributes import constants_of
from kernels.onnx.reading.structure import subgraphs


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
        used = {node.name for node in found.graph.node if node.name}
        for node in found.graph.node:
            if node in taken:
                _take(copy.graph, node, bool(np.ravel(known[node.input[0]])[0]), used)
            else:
                copy.graph.node.append(node)
        found = copy
    return found


def _take(graph: onnx.GraphProto, node: onnx.NodeProto, condition: bool, used: set[str]) -> None:
    name = "then_branch" if condition else "else_branch"
    branch = onnx.GraphProto()
    branch.CopyFrom(next(each.g for each in node.attribute if each.name == name))
    _rename(branch, {each: f"{node.output[0]}/{each}" for each in _defined(branch)})
    for inner in branch.node:
        if inner.name in used:
            inner.name = f"{node.output[0]}/{inner.name}"
        used.add(inner.name or inner.output[0])
    graph.initializer.extend(branch.initializer)
    graph.value_info.extend(branch.value_info)
    graph.node.extend(branch.node)
    for value, output in zip(branch.output, node.output, strict=False):
        graph.node.append(helper.make_node("Identity", [value.name], [output], output))


def _defined(graph: onnx.GraphProto) -> set[str]:
    """Returns the names that a branch makes. Another branch may use the same ones."""
    found = {tensor.name for tensor in graph.initializer}
    return found | {name for node in graph.node for name in node.output if name}


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Replaces names wherever they stand, in the graphs within a graph too."""
    for held in (*graph.initializer, *graph.value_info, *graph.output):
        held.name = names.get(held.name, held.name)
    for node in graph.node:
        for each in (node.input, node.output):
            for at, name in enumerate(each):
                each[at] = names.get(name, name)
        for body in subgraphs(node):
            _rename(body, names)
