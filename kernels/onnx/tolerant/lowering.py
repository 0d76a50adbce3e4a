"""Lowers a checked graph and its inputs to a plan."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import onnx
from onnx import defs, helper

from kernels.onnx.classical import UnsupportedModel, rewritten
from kernels.onnx.reading.summary import operator_name
from kernels.onnx.tolerant.arguments import Given, Names, arguments, constants, present, results
from kernels.onnx.tolerant.doubles import check_doubles
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, Array
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.families import LOWERINGS
from kernels.onnx.tolerant.host import MAX_ELEMENTS, SHAPE_OPERATORS, evaluate, is_small
from kernels.onnx.tolerant.node import Node, reshaped
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.sequences import SEQUENCES, is_on_sequences, require_tensors
from kernels.onnx.tolerant.value import TensorList, Value, on_host

MAX_UNROLLED = 256
CONTROL = ("If", "Loop", "Scan")


def lower(model: onnx.ModelProto, inputs: Given, plan: Plan) -> list[tuple[str, Value]]:
    """Fills the plan and returns the graph's outputs by name.

    An input may be an array, or a value that the plan holds already. Raises BadInput, and
    UnsupportedOperator before anything runs.
    """
    try:
        model = rewritten(model)
    except UnsupportedModel as error:
        raise UnsupportedOperator(error.node, error.why) from error
    walk, names = Walk(plan, opset_of(model)), arguments(model, inputs)
    walk.nodes(model.graph.node, names)
    return results(model, names)


def opset_of(model: onnx.ModelProto) -> int:
    """Returns the version of ONNX's own operators that a model uses."""
    return max(
        (each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=1
    )


def is_known(operator: str) -> bool:
    """Returns whether an operator can be lowered.

    Its name includes its domain unless that is ONNX's own.
    """
    domain, _, name = operator.rpartition(".")
    if operator in (*LOWERINGS, *SEQUENCES) or (not domain and name in CONTROL):
        return True
    try:
        schema: Any = defs.get_schema(name, defs.onnx_opset_version() if not domain else 1, domain)
    except defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)


class Walk:
    """Lowers one node after the other."""

    def __init__(self, plan: Plan, opset: int) -> None:
        self._plan = plan
        self._opset = opset

    def nodes(
        self,
        nodes: Sequence[onnx.NodeProto],
        names: Names,
        bound: Mapping[str, onnx.AttributeProto] | None = None,
    ) -> None:
        """Lowers nodes into names; `bound` holds the attributes of the nodes' function."""
        for node in nodes:
            self._node(_resolved(node, bound or {}), names)

    def _node(self, node: onnx.NodeProto, names: Names) -> None:
        self._plan.count(node.op_type)
        inputs = [names[name] if name else None for name in node.input]
        if node.op_type in CONTROL and not node.domain:
            made = self._control(node, inputs, names)
        elif is_on_sequences(operator_name(node), inputs):
            made = [SEQUENCES[node.op_type](self._view(node, inputs))]
        elif operator_name(node) in LOWERINGS:
            made = self._lowered(node, inputs)
        else:
            made = self._expanded(node, inputs)
        for name, value in zip(node.output, made, strict=False):
            if name:
                names[name] = value

    def _lowered(
        self, node: onnx.NodeProto, inputs: Sequence[Value | None]
    ) -> Sequence[Value | None]:
        given = [value for value in inputs if value is not None]
        on_shapes = node.op_type in SHAPE_OPERATORS and all(
            value.host is not None and value.size <= MAX_ELEMENTS for value in given
        )
        whole = all(value.static and not value.element.is_float for value in given)
        if on_shapes and whole and is_small(node.op_type, [value.size for value in given]):
            arrays = self._evaluated(node, inputs)
            if arrays is not None and all(each.size <= MAX_ELEMENTS for each in arrays):
                return [_static(array) for array in arrays]
        view = self._view(node, inputs)
        require_tensors(view)
        lowered = LOWERINGS[operator_name(node)](view)
        found = [lowered] if isinstance(lowered, Value) else list(lowered)
        check_doubles(view, found)
        if on_shapes:
            self._know(node, inputs, found)
        return found

    def _view(self, node: onnx.NodeProto, inputs: Sequence[Value | None]) -> Node:
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        return Node(node.op_type, self._opset, inputs, attributes, node.output, self._plan)

    def _know(
        self, node: onnx.NodeProto, inputs: Sequence[Value | None], results: Sequence[Value]
    ) -> None:
        """Gives later nodes the values that they need during planning."""
        static = all(value.static for value in inputs if value is not None)

        @lru_cache(1)
        def values() -> list[Array]:
            found = self._evaluated(node, inputs)
            if found is None:
                raise UnsupportedOperator(
                    node.op_type, "cannot be computed, but determines a shape"
                )
            return found

        for at, value in enumerate(results):
            if value.host is None and value.size <= MAX_ELEMENTS:
                value.host = lambda at=at: values()[at]
                value.static = static

    def _evaluated(
        self, node: onnx.NodeProto, inputs: Sequence[Value | None]
    ) -> list[Array] | None:
        arrays = [None if value is None or value.host is None else value.host() for value in inputs]
        try:
            found = evaluate(node, arrays, self._opset)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            return None
        return found if all(isinstance(each, np.ndarray | np.generic) for each in found) else None

    def _expanded(
        self, node: onnx.NodeProto, inputs: Sequence[Value | None]
    ) -> Sequence[Value | None]:
        """Lowers an operator that ONNX itself defines by others."""
        function = _function(node, inputs, self._opset)
        defaults = {each.name: each for each in function.attribute_proto}
        schema = defs.get_schema(node.op_type, self._opset, node.domain)
        for name, attribute in schema.attributes.items():
            if attribute.default_value.name:
                defaults[name] = attribute.default_value
        bound = defaults | {each.name: each for each in node.attribute}
        padded = [*inputs, *[None] * (len(function.input) - len(inputs))]
        names: Names = dict(zip(function.input, padded, strict=True))
        opset = next((o.version for o in function.opset_import if not o.domain), self._opset)
        Walk(self._plan, opset).nodes(function.node, names, bound)
        return [names.get(name) for name in function.output]

    def _control(
        self, node: onnx.NodeProto, inputs: Sequence[Value | None], names: Names
    ) -> Sequence[Value | None]:
        view = self._view(node, inputs)
        if node.op_type == "If":
            branch = "then_branch" if bool(view.known(0).reshape(())) else "else_branch"
            return self._body(view.attribute(branch), names, [])
        if node.op_type == "Loop":
            return self._loop(view, names)
        return self._scan(view, names)

    def _body(self, graph: onnx.GraphProto, names: Names, given: Sequence[Value]) -> list[Value]:
        inner = names | constants(graph)
        inner.update({port.name: value for port, value in zip(graph.input, given, strict=True)})
        self.nodes(graph.node, inner)
        return [present(inner, port.name) for port in graph.output]

    def _loop(self, node: Node, names: Names) -> list[Value]:
        trips = int(node.known(0).reshape(())) if node.has(0) else MAX_UNROLLED + 1
        going = bool(node.known(1).reshape(())) if node.has(1) else True
        body = node.attribute("body")
        carried = [node.input(at) for at in range(2, len(node.inputs))]
        rows: list[list[Value]] = [[] for _ in body.output[1 + len(carried) :]]
        condition = _static(np.array(going))
        at = 0
        while going and at < trips:
            if at >= MAX_UNROLLED:
                raise node.refuse(f"more than {MAX_UNROLLED} iterations, or an unknown number")
            counter = _static(np.array(at, np.int64))
            condition, *made = self._body(body, names, [counter, condition, *carried])
            carried, new = made[: len(carried)], made[len(carried) :]
            for row, value in zip(rows, new, strict=True):
                row.append(value)
            if condition.host is None:
                raise node.refuse("the condition is known only after a run")
            going = bool(condition.host().reshape(()))
            at += 1
        return [*carried, *(self._stacked(node, row, 0) for row in rows)]

    def _scan(self, node: Node, names: Names) -> list[Value]:
        if self._opset < 9:
            raise node.refuse("opsets before 9 are not supported")
        body, count = node.attribute("body"), int(node.attribute("num_scan_inputs"))
        given = [node.input(at) for at in range(len(node.inputs))]
        carried, scanned = given[: len(given) - count], given[len(given) - count :]
        axes = [
            axis % value.rank
            for axis, value in zip(
                node.attribute("scan_input_axes", [0] * count), scanned, strict=True
            )
        ]
        outputs = len(body.output) - len(carried)
        backwards = node.attribute("scan_input_directions", [0] * count)
        reverse = node.attribute("scan_output_directions", [0] * outputs)
        length = scanned[0].shape[axes[0]]
        if length > MAX_UNROLLED:
            raise node.refuse(f"more than {MAX_UNROLLED} iterations")
        rows: list[list[Value]] = [[] for _ in range(outputs)]
        for at in range(length):
            parts = [
                self._part(value, axis, length - 1 - at if back else at)
                for value, axis, back in zip(scanned, axes, backwards, strict=True)
            ]
            made = self._body(body, names, [*carried, *parts])
            carried, new = made[: len(carried)], made[len(carried) :]
            for row, value in zip(rows, new, strict=True):
                row.append(value)
        into = node.attribute("scan_output_axes", [0] * outputs)
        stacked = [
            self._stacked(node, row[::-1] if back else row, axis)
            for row, axis, back in zip(rows, into, reverse, strict=True)
        ]
        return [*carried, *stacked]

    def _part(self, value: Value, axis: int, at: int) -> Value:
        node = helper.make_node("Gather", ["x", "at"], ["y"], axis=axis)
        index = _static(np.array(at, np.int64))
        (found,) = self._lowered(node, [value, index])
        assert found is not None
        return found

    def _stacked(self, node: Node, row: list[Value], axis: int) -> Value:
        if not row:
            raise node.refuse("a loop that never runs has no output shape")
        require_tensors(node, row)
        axis = axis % (row[0].rank + 1)
        rows = []
        for value in row:
            rows.append(reshaped(value, (*value.shape[:axis], 1, *value.shape[axis:])))
        names = [f"x{at}" for at in range(len(rows))]
        (found,) = self._lowered(helper.make_node("Concat", names, ["y"], axis=axis), rows)
        assert found is not None
        return found


def _static(array: Array) -> Value:
    array = np.asarray(array)
    return on_host(array, ELEMENTS[helper.np_dtype_to_tensor_dtype(array.dtype)], static=True)


def _resolved(node: onnx.NodeProto, bound: Mapping[str, onnx.AttributeProto]) -> onnx.NodeProto:
    if not any(each.ref_attr_name for each in node.attribute):
        return node
    found = onnx.NodeProto()
    found.CopyFrom(node)
    del found.attribute[:]
    for each in node.attribute:
        if not each.ref_attr_name:
            found.attribute.append(each)
        elif each.ref_attr_name in bound:
            attribute = found.attribute.add()
            attribute.CopyFrom(bound[each.ref_attr_name])
            attribute.name = each.name
    return found


def _function(
    node: onnx.NodeProto, inputs: Sequence[Value | None], opset: int
) -> onnx.FunctionProto:
    try:
        # onnx's type stubs lack these members of a schema.
        schema: Any = defs.get_schema(node.op_type, opset, node.domain)
    except defs.SchemaError as error:
        raise UnsupportedOperator(node.op_type, "the opset has no such operator") from error
    data = b""
    if schema.has_function:
        versions = [each for each in schema.function_opset_versions if each <= opset]
        if versions:
            data = schema.get_function_with_opset_version(max(versions))
    elif schema.has_context_dependent_function:
        known = schema.context_dependent_function_opset_versions
        versions = [each for each in known if each <= opset]
        if versions:
            data = schema.get_context_dependent_function_with_opset_version(
                max(versions), node.SerializeToString(), [_type(value) for value in inputs]
            )
    if not data:
        raise UnsupportedOperator(node.op_type, "it has no lowering")
    function = onnx.FunctionProto()
    function.ParseFromString(data)
    return function


def _type(value: Value | None) -> bytes:
    found = onnx.TypeProto()
    if isinstance(value, TensorList):
        first = next(iter(value.items), None)
        code = FLOAT if first is None else first.element.code
        found = helper.make_sequence_type_proto(helper.make_tensor_type_proto(code, None))
    elif value is not None:
        found = helper.make_tensor_type_proto(value.element.code, value.shape)
    data: bytes = found.SerializeToString()
    return data
