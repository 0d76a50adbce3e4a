"""Reads an ONNX graph in plain, QDQ or QOperator form as a network of real tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import onnx

from kernels.onnx.exact.attributes import constants_of, plain, shape_of, stored_as
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.expansion import expanded
from kernels.onnx.exact.network import (
    HIGH,
    LOW,
    QUANTISE,
    Network,
    NetworkInput,
    NetworkOutput,
    Node,
    Quantisation,
    Real,
    Weights,
)
from kernels.onnx.exact.simplification import simplified
from kernels.onnx.reading import OpenAxes, input_shapes, sized
from kernels.trace.layout import Array

UINT8_SHIFT = 128
EIGHT_BITS = ("int8", "uint8")
UNARY = {
    "QLinearSigmoid": "Sigmoid",
    "QLinearLeakyRelu": "LeakyRelu",
    "QLinearSoftmax": "Softmax",
    "QLinearGlobalAveragePool": "GlobalAveragePool",
    "QLinearAveragePool": "AveragePool",
    "QLinearReduceMean": "ReduceMean",
}
BINARY = {"QLinearAdd": "Add", "QLinearMul": "Mul", "QLinearMatMul": "MatMul"}


def read_network(
    model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]] | None = None
) -> Network:
    """Returns the network of a model; `shapes` sizes inputs with open axes, or axes by name.

    Raises LoweringError naming a node without an exact form.
    """
    try:
        sizes = input_shapes(model, shapes or {})
    except OpenAxes as error:
        raise LoweringError(error.label, error.why) from error
    return simplified(_Reader(expanded(sized(model, sizes)), sizes).network())


@dataclass(slots=True)
class _Reader:
    model: onnx.ModelProto
    shapes: Mapping[str, tuple[int, ...]]
    constants: dict[str, Array | Weights] = field(init=False)
    raw: dict[str, Array] = field(init=False)
    nodes: list[Node] = field(default_factory=list)
    bound: dict[str, Quantisation] = field(default_factory=dict)

    def network(self) -> Network:
        graph = self.model.graph
        self.raw, left = constants_of(self.model)
        self.constants = dict(self.raw)
        for proto in left:
            self._read(plain(proto))
        known = self.raw.keys()
        entries = [value for value in graph.input if value.name not in known]
        inputs = tuple(self._entry(value) for value in entries)
        stored = {value.name: stored_as(value) for value in graph.output}
        outputs = tuple(NetworkOutput(name, element) for name, element in stored.items())
        return Network(inputs, tuple(self.nodes), self.constants, outputs)

    def _entry(self, value: onnx.ValueInfoProto) -> NetworkInput:
        stored = stored_as(value)
        found = self.bound.get(value.name)
        if stored not in EIGHT_BITS and not self._is_read_alike(value.name):
            # The form of one reader may cut off what another needs.
            found = None
        return NetworkInput(value.name, shape_of(value, self.shapes), found, stored)

    def _is_read_alike(self, name: str) -> bool:
        """Returns whether all that reads a tensor wants one int8 form of it."""
        if any(value.name == name for value in self.model.graph.output):
            return False
        readers = [node for node in self.nodes if name in node.inputs]
        targets = {node.attributes["target"] for node in readers if node.kind == QUANTISE}
        return len(targets) == 1 and all(node.kind == QUANTISE for node in readers)

    def _read(self, node: Node) -> None:
        match node.kind:
            case "QuantizeLinear":
                self._quantise(node)
            case "DequantizeLinear":
                self._dequantise(node)
            case "QLinearConv":
                self._convolution(node)
            case "ConvInteger" | "MatMulInteger":
                self._integer(node)
            case "QGemm":
                self._gemm(node)
            case "QLinearConcat":
                self._concat(node)
            case kind if kind in UNARY:
                self._bind(node, 0)
                self._quantised(node, UNARY[kind], (node.inputs[0],), 3)
            case kind if kind in BINARY:
                self._bind(node, 0)
                self._bind(node, 3)
                self._quantised(node, BINARY[kind], (node.inputs[0], node.inputs[3]), 6)
            case "DynamicQuantizeLinear":
                raise LoweringError(
                    node.label,
                    "scales that depend on the data are not exact; quantise statically",
                )
            case _:
                self.nodes.append(node)

    def _quantise(self, node: Node) -> None:
        if node.inputs[0] in self.raw:
            target = self._scales(node, 1)
            axis, values = _axis(node), np.asarray(self.raw[node.inputs[0]], np.float64)
            scale, zero = (_along(each, axis, values.ndim) for each in target)
            codes = np.clip(np.rint(values / scale) + zero, LOW, HIGH) - zero
            self.constants[node.outputs[0]] = Weights(codes.astype(np.int16), target[0], axis)
            return
        found = self._quantisation(node, 1)
        self._target(node.inputs[0], node, found)

    def _dequantise(self, node: Node) -> None:
        name, output = node.inputs[0], node.outputs[0]
        if name in self.raw:
            self.constants[output] = self._constant(node, 0, _axis(node))
        elif name in self.constants:
            self.constants[output] = self.constants[name]
        else:
            self._bind(node, 0)
            self.nodes.append(Node("Identity", node.name, (name,), (output,)))

    def _convolution(self, node: Node) -> None:
        self._bind(node, 0)
        self.constants[f"{node.outputs[0]}/weights"] = weights = self._constant(node, 3, 0)
        inputs = [node.inputs[0], f"{node.outputs[0]}/weights"]
        if len(node.inputs) > 8:
            unit = self._scales(node, 1)[0] * weights.scale
            self.constants[f"{node.outputs[0]}/bias"] = self.raw[node.inputs[8]] * unit
            inputs.append(f"{node.outputs[0]}/bias")
        self._quantised(node, "Conv", tuple(inputs), 6)

    def _gemm(self, node: Node) -> None:
        self._bind(node, 0)
        axis = 0 if node.attributes.get("transB", 0) else 1
        self.constants[f"{node.outputs[0]}/weights"] = weights = self._constant(node, 3, axis)
        inputs = [node.inputs[0], f"{node.outputs[0]}/weights"]
        if len(node.inputs) > 6 and node.inputs[6]:
            unit = self._scales(node, 1)[0] * weights.scale * node.attributes.get("alpha", 1.0)
            self.constants[f"{node.outputs[0]}/bias"] = self.raw[node.inputs[6]] * unit
            inputs.append(f"{node.outputs[0]}/bias")
        self._quantised(node, "Gemm", tuple(inputs), 7)

    def _integer(self, node: Node) -> None:
        """Treats integers as real numbers of scale 1."""
        names = [f"{node.outputs[0]}/{position}" for position in range(2)]
        for position, name in enumerate(names):
            zero = self._zero(node, position + 2, position)
            if node.inputs[position] in self.raw:
                codes = self._codes(node.inputs[position]) - zero
                self.constants[name] = Weights(codes.astype(np.int16), np.asarray(1.0))
            elif zero.ndim and zero.size > 1:
                raise LoweringError(node.label, "one zero point per row has no exact form")
            else:
                self.bound.setdefault(
                    node.inputs[position], Quantisation(1.0, int(zero.reshape(-1)[0]))
                )
                names[position] = node.inputs[position]
        kind = "Conv" if node.kind == "ConvInteger" else "MatMul"
        self.nodes.append(Node(kind, node.name, tuple(names), node.outputs, node.attributes))

    def _concat(self, node: Node) -> None:
        places = range(2, len(node.inputs), 3)
        for place in places:
            self._bind(node, place)
        self._quantised(node, "Concat", tuple(node.inputs[place] for place in places), 0)

    def _quantised(self, node: Node, kind: str, inputs: tuple[str, ...], position: int) -> None:
        inner = f"{node.outputs[0]}/real"
        names = tuple(self._operand(node, name) for name in inputs)
        self.nodes.append(Node(kind, node.name, names, (inner,), node.attributes))
        self._target(inner, node, self._quantisation(node, position))

    def _operand(self, node: Node, name: str) -> str:
        place = f"{node.outputs[0]}/{name}"
        return place if place in self.constants else name

    def _target(self, source: str, node: Node, target: Quantisation) -> None:
        self.bound.setdefault(source, target)
        attributes = {"target": target}
        self.nodes.append(Node(QUANTISE, node.name, (source,), node.outputs, attributes))

    def _bind(self, node: Node, position: int) -> None:
        """Records that input `position` has the scale and zero point that follow it."""
        name = node.inputs[position]
        if name in self.raw:
            self.constants[f"{node.outputs[0]}/{name}"] = self._constant(node, position, 1)
        else:
            self.bound.setdefault(name, self._quantisation(node, position + 1))

    def _constant(self, node: Node, position: int, axis: int) -> Weights:
        scale, zero = self._scales(node, position + 1)
        raw = self.raw.get(node.inputs[position])
        if raw is None:
            raise LoweringError(node.label, f"input {node.inputs[position]!r} must be a constant")
        codes = self._codes(node.inputs[position])
        values = codes - _along(zero, axis, codes.ndim)
        return Weights(values, scale, axis % max(codes.ndim, 1))

    def _quantisation(self, node: Node, position: int) -> Quantisation:
        scale, zero = self._scales(node, position)
        if scale.size != 1:
            raise LoweringError(node.label, "an activation has one scale per channel; use one")
        return Quantisation(float(scale.reshape(-1)[0]), int(zero.reshape(-1)[0]))

    def _scales(self, node: Node, position: int) -> tuple[Real, Array]:
        """Returns a tensor's scale and int8 zero point, scalars or one per channel."""
        found = self.raw.get(node.inputs[position])
        if found is None:
            raise LoweringError(node.label, "its scale is computed; it must be a constant")
        scale = np.asarray(found, np.float64)
        zero = self._zero(node, position + 1, max(position - 1, 0))
        return (scale.reshape(()) if scale.size == 1 else scale.reshape(-1)), zero

    def _zero(self, node: Node, position: int, of: int) -> Array:
        """Returns an int8 zero point; that of an unsigned type is shifted like its values."""
        if position < len(node.inputs) and node.inputs[position]:
            found = self.raw.get(node.inputs[position])
            if found is None:
                raise LoweringError(node.label, "its zero point is computed; it must be a constant")
            zero = found
            shift = UINT8_SHIFT if zero.dtype == np.uint8 else 0
            self._require_eight_bits(node, zero)
            wide = zero.astype(np.int64) - shift
            return wide.reshape(()) if wide.size == 1 else wide.reshape(-1)
        raw = self.raw.get(node.inputs[of])
        unsigned = raw.dtype == np.uint8 if raw is not None else self._unsigned(node.inputs[of])
        if node.kind == "QuantizeLinear":
            unsigned = True
        return np.asarray(-UINT8_SHIFT if unsigned else 0)

    def _unsigned(self, name: str) -> bool:
        return any(
            value.name == name and stored_as(value) == "uint8" for value in self.model.graph.input
        )

    def _codes(self, name: str) -> Array:
        raw = self.raw[name]
        return raw.astype(np.int64) - (UINT8_SHIFT if raw.dtype == np.uint8 else 0)

    @staticmethod
    def _require_eight_bits(node: Node, zero: Array) -> None:
        if zero.dtype not in (np.int8, np.uint8, np.int32):
            raise LoweringError(node.label, f"{zero.dtype} is not exact; quantise to int8 or uint8")


def _axis(node: Node) -> int:
    return int(node.attributes.get("axis", 1))


def _along(vector: Array | Real, axis: int, axes: int) -> Array:
    if np.ndim(vector) == 0:
        return np.asarray(vector)
    shape = [1] * axes
    shape[axis] = -1
    return np.asarray(vector).reshape(shape)


def with_inputs(network: Network, found: Mapping[str, Quantisation]) -> Network:
    """Returns the network with the int8 form of its real inputs."""
    entries = tuple(
        replace(entry, quantisation=found[entry.name]) if entry.name in found else entry
        for entry in network.inputs
    )
    return replace(network, inputs=entries)
