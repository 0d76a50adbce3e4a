"""Surveys a model for the exact class."""

from collections.abc import Callable, Mapping

import onnx

from kernels.graph import Graph, GraphError
from kernels.onnx.exact import LoweringError, lower, read_network
from kernels.onnx.quantisation import CalibrationError, has_scales
from kernels.onnx.quantisation.draft import drafted
from kernels.onnx.quantisation.preparation import prepared
from kernels.onnx.reading import bound
from kernels.onnx.survey.obstacle import (
    MOST_OBSTACLES,
    Obstacle,
    Survey,
    is_fixed,
    shape_among,
    told,
    values_of,
)

Shapes = Mapping[str, tuple[int, ...]]
Attempt = Callable[[onnx.ModelProto], Graph]


def survey_exact(model: onnx.ModelProto, shapes: Shapes) -> Survey:
    """Returns whether a checked model has an exact form; `shapes` are those of all its inputs.

    A model that holds no scales is surveyed as `quantise` treats it. After an obstacle the survey
    goes on with the nodes behind it, as if their inputs were given.
    """
    if has_scales(model):
        return _surveyed(model, lambda each: lower(read_network(each, shapes)).graph, False)
    why = None
    try:
        ready = prepared(model, shapes)
    except (CalibrationError, LoweringError) as error:
        ready, why = bound(model, shapes), str(error)
    found = _surveyed(ready, lambda each: drafted(each, shapes), True)
    # Without the preparation no node may seem in the way, and yet the model cannot be quantised.
    return Survey(False, why, calibrated=True) if why and found.possible else found


def _surveyed(model: onnx.ModelProto, attempt: Attempt, calibrated: bool) -> Survey:
    found: dict[tuple[str, str], Obstacle] = {}
    left = model
    while len(found) < MOST_OBSTACLES:
        try:
            attempt(left)
        except LoweringError as error:
            errors = [each for each in (error, *error.others) if _key(each) not in found]
            values = values_of(left)
            nodes = {_label(node): node for node in left.graph.node}
            found |= {_key(each): _obstacle(each, nodes, values) for each in errors}
            cut = _without(
                left, [nodes[each.node] for each in errors if each.node in nodes], values
            )
            if cut is None:
                break
            left = cut
        except GraphError as error:
            if not found:
                return Survey(False, str(error), calibrated=calibrated)
            break
        else:
            break
    if not found:
        return Survey(True, calibrated=calibrated)
    obstacles = tuple(found.values())
    return Survey(False, told(obstacles), obstacles, calibrated)


def _key(error: LoweringError) -> tuple[str, str]:
    return error.node, error.message.split("\n", maxsplit=1)[0]


def _label(node: onnx.NodeProto) -> str:
    return f"{node.op_type} {node.name or node.output[0]!r}"


def _obstacle(
    error: LoweringError,
    nodes: Mapping[str, onnx.NodeProto],
    values: Mapping[str, onnx.ValueInfoProto],
) -> Obstacle:
    _, why = _key(error)
    node = nodes.get(error.node)
    if node is None:
        operator, _, name = error.node.partition(" ")
        return Obstacle(name.strip("'") or operator, operator, None, why)
    shape = shape_among(values, node.output[0])
    return Obstacle(node.name or node.output[0], node.op_type, shape, why)


def _without(
    model: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    values: Mapping[str, onnx.ValueInfoProto],
) -> onnx.ModelProto | None:
    """Returns the model whose inputs are also what these nodes compute, None if that is unknown."""
    read = {name for node in model.graph.node for name in node.input}
    read |= {port.name for port in model.graph.output}
    outputs = [name for node in nodes for name in node.output if name in read]
    if not nodes or not all(is_fixed(values, name) for name in outputs):
        return None
    found = onnx.ModelProto()
    found.CopyFrom(model)
    removed = {node.output[0] for node in nodes}
    del found.graph.node[:]
    found.graph.node.extend(node for node in model.graph.node if node.output[0] not in removed)
    found.graph.input.extend(values[name] for name in outputs)
    kept = [port for port in model.graph.output if port.name not in outputs]
    if not kept:
        return None
    del found.graph.output[:]
    found.graph.output.extend(kept)
    return found
