"""Surveys a model for the tolerant class."""

from collections.abc import Mapping

import onnx

from kernels.custom.element import Tolerance
from kernels.custom.errors import PackageError
from kernels.onnx.classical import UnsupportedModel, rewritten
from kernels.onnx.reading.shapes import fixed
from kernels.onnx.reading.summary import operator_name
from kernels.onnx.survey.obstacle import (
    MOST_OBSTACLES,
    Obstacle,
    Survey,
    is_fixed,
    shape_among,
    told,
    values_of,
)
from kernels.onnx.tolerant import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.arguments import Names, arguments
from kernels.onnx.tolerant.lowering import Walk, opset_of
from kernels.onnx.tolerant.node import element_of
from kernels.onnx.tolerant.packaging import MAX_BYTES, package
from kernels.onnx.tolerant.plan import Plan

Shapes = Mapping[str, tuple[int, ...]]


def survey_tolerant(model: onnx.ModelProto, shapes: Shapes) -> Survey:
    """Returns whether a checked model makes a package; `shapes` are those of all its inputs.

    After an obstacle the survey goes on with the nodes behind it, as if their inputs were given.
    """
    try:
        obstacles = _obstacles(rewritten(model), shapes)
    except UnsupportedModel as error:
        return Survey(False, str(error))
    except (UnsupportedOperator, BadInput) as error:
        return Survey(False, str(error))
    if obstacles:
        return Survey(False, told(obstacles), obstacles)
    try:
        package(model, "survey", shapes, Tolerance())
    except (UnsupportedOperator, BadInput, PackageError) as error:
        return Survey(False, str(error))
    return Survey(True)


def _obstacles(model: onnx.ModelProto, shapes: Shapes) -> tuple[Obstacle, ...]:
    plan, values = Plan(MAX_BYTES, pooled=True), values_of(model)
    inputs = {}
    for port in model.graph.input:
        if port.name in shapes:
            element = element_of(port.type.tensor_type.elem_type, "input")
            inputs[port.name] = plan.input(tuple(shapes[port.name]), element)
    names: Names = arguments(model, dict(inputs))
    walk = Walk(plan, opset_of(model))
    found: list[Obstacle] = []
    unknown: set[str] = set()
    for node in model.graph.node:
        if not unknown.isdisjoint(node.input) or len(found) >= MOST_OBSTACLES:
            unknown.update(node.output)
            continue
        try:
            walk.nodes([node], names)
        except UnsupportedOperator as error:
            operator = operator_name(node)
            shape = shape_among(values, node.output[0])
            found.append(Obstacle(node.name or node.output[0], operator, shape, error.why))
            unknown.update(_stand_in(node, values, plan, names))
    return tuple(found)


def _stand_in(
    node: onnx.NodeProto,
    values: Mapping[str, onnx.ValueInfoProto],
    plan: Plan,
    names: Names,
) -> list[str]:
    """Adds the outputs of a node as if they were given; returns those that are unknown."""
    left = []
    for name in filter(None, node.output):
        shape = fixed(shape_among(values, name))
        try:
            if shape is None or not is_fixed(values, name):
                raise UnsupportedOperator(node.op_type, "its result is unknown")
            element = element_of(values[name].type.tensor_type.elem_type, node.op_type)
            names[name] = plan.input(shape, element)
        except UnsupportedOperator:
            left.append(name)
    return left
