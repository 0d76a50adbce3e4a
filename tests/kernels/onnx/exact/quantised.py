"""Small quantised ONNX models, with the results of onnxruntime and of the exact graph."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import Lowered, lower, read_network
from kernels.trace.layout import Array

MICROSOFT = "com.microsoft"


class Draft:
    """A model under construction; every method returns the name of what it adds."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, shape: Sequence[int], kind: int = TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def constant(self, array: npt.ArrayLike) -> str:
        name = self._name("constant")
        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        output = self._name(kind)
        made = helper.make_node(
            kind, list(inputs), [output], name=output, domain=domain, **attributes
        )
        self.nodes.append(made)
        return output

    def scale(self, scale: float, zero_point: int, kind: str) -> tuple[str, str]:
        """Adds the constants of a scale and a zero point."""
        return (
            self.constant(np.array(scale, np.float32)),
            self.constant(np.array(zero_point, kind)),
        )

    def quantised(self, x: str, scale: float, zero_point: int, kind: str = "uint8") -> str:
        """Adds QuantizeLinear, then DequantizeLinear."""
        names = self.scale(scale, zero_point, kind)
        return self.node("DequantizeLinear", self.node("QuantizeLinear", x, *names), *names)

    def weights(self, values: Array, scale: Array, axis: int = 0) -> str:
        """Adds int8 weights behind DequantizeLinear."""
        zero = self.constant(np.zeros(np.shape(scale), np.int8))
        attributes: dict[str, Any] = {"axis": axis} if np.ndim(scale) else {}
        return self.node(
            "DequantizeLinear",
            self.constant(values.astype(np.int8)),
            self.constant(np.asarray(scale, np.float32)),
            zero,
            **attributes,
        )

    def model(
        self, output: str, kind: int = TensorProto.FLOAT, shape: Sequence[int] | None = None
    ) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "test",
            self.inputs,
            [helper.make_tensor_value_info(output, kind, shape)],
            self.constants,
        )
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind.lower()}{self._count}"


def exact(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> tuple[Lowered, Array]:
    """Returns the exact graph, and the real numbers of its result."""
    lowered = lower(read_network(model))
    outputs = NumpyExecutor().execute(lowered.graph, lowered.interface.encode(feeds))
    return lowered, lowered.interface.decode(outputs[-1])


def reference(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> Array:
    """Returns onnxruntime's result without its own rewrites."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(None, dict(feeds))[0])


def assert_near(model: onnx.ModelProto, feeds: Mapping[str, Array], step: float) -> Lowered:
    """Checks that results differ by at most one unit in the last place and are not constant."""
    lowered, found = exact(model, feeds)
    expected = reference(model, feeds).astype(np.float64)
    assert found.shape == expected.shape
    assert len(np.unique(expected)) > 1
    assert np.abs(found - expected).max() <= step * 1.001
    return lowered
