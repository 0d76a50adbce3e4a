"""Counts what a model holds and what a run of it computes."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import onnx

from kernels.onnx.reading.shapes import Shape, fixed, graphs
from kernels.onnx.reading.structure import subgraphs

_PRODUCTS = ("MatMul", "MatMulInteger", "QLinearMatMul", "Gemm")
_WINDOWS = ("Conv", "ConvInteger", "QLinearConv")
# The products of one step, in matrices of hidden size by input or hidden size.
_RECURRENT = {"LSTM": 4, "GRU": 3, "RNN": 1}
_COUNTED = (*_PRODUCTS, *_WINDOWS, "ConvTranspose", *_RECURRENT)
_NUMBERS = ("value_floats", "value_ints")
_NUMBER = ("value_float", "value_int")


@dataclass(frozen=True, slots=True)
class Cost:
    """Multiply-adds of matrix products, convolutions and recurrent layers.

    `unknown` names the nodes whose multiply-adds depend on what is known only in a run.
    """

    multiply_adds: int
    unknown: tuple[str, ...]


def parameters_of(model: onnx.ModelProto) -> int:
    """Returns how many numbers a model holds, in initialisers and in Constant nodes."""
    total = 0
    for graph in graphs(model.graph):
        total += sum(prod(tensor.dims) for tensor in graph.initializer)
        total += sum(_held(node) for node in graph.node if node.op_type == "Constant")
    return total


def cost_of(graph: onnx.GraphProto, shapes: Mapping[str, Shape]) -> Cost:
    """Returns the cost of a run. Of the branches of an If only the dearest runs."""
    total, unknown = 0, list[str]()
    for node in graph.node:
        bodies = [cost_of(body, shapes) for body in subgraphs(node)]
        if bodies and node.op_type == "If":
            total += max(body.multiply_adds for body in bodies)
            unknown += [name for body in bodies for name in body.unknown]
        elif any(body.multiply_adds or body.unknown for body in bodies):
            # The number of turns is known only in a run.
            unknown.append(node.name or node.output[0])
        elif node.op_type in _COUNTED and node.domain in ("", "ai.onnx"):
            found = _multiply_adds(node, shapes)
            total += found or 0
            if found is None:
                unknown.append(node.name or node.output[0])
    return Cost(total, tuple(unknown))


def _held(node: onnx.NodeProto) -> int:
    (attribute,) = node.attribute or (onnx.AttributeProto(),)
    if attribute.name == "value":
        return prod(attribute.t.dims)
    if attribute.name in _NUMBERS:
        return len(attribute.floats) + len(attribute.ints)
    return 1 if attribute.name in _NUMBER else 0


def _multiply_adds(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> int | None:
    """Returns output elements times the terms of each sum, or None where a shape is unknown."""
    left = fixed(shapes.get(node.input[0]))
    weights = fixed(shapes.get(node.input[3 if node.op_type.startswith("QLinear") else 1]))
    if node.op_type in _RECURRENT:
        return _recurrent(node, left, shapes)
    if node.op_type == "ConvTranspose":
        return None if left is None or weights is None else prod(left) * prod(weights[1:])
    output = fixed(shapes.get(node.output[0]))
    if output is None:
        return None
    if node.op_type in _WINDOWS:
        return None if weights is None else prod(output) * prod(weights[1:])
    if left is None:
        return None
    transposed = any(each.name == "transA" and each.i for each in node.attribute)
    return prod(output) * left[-2 if transposed else -1]


def _recurrent(
    node: onnx.NodeProto, left: tuple[int, ...] | None, shapes: Mapping[str, Shape]
) -> int | None:
    """Returns steps times batch times the weights of one step."""
    weights = [fixed(shapes.get(name)) for name in node.input[1:3]]
    if left is None or any(each is None for each in weights):
        return None
    return left[0] * left[1] * sum(prod(each) for each in weights if each is not None)
