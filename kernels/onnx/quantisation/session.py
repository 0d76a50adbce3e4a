"""Runs a model in onnxruntime, every tensor exposed where that is wanted."""

from collections.abc import Mapping

import onnx
import onnxruntime

from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.inputs import without_unread_inputs
from kernels.trace.layout import Array

QUIET = 4


class Session:
    """A model in onnxruntime on the CPU, without onnxruntime's own rewrites."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Raises CalibrationError where onnxruntime cannot load the model."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = QUIET
        try:
            self._session = onnxruntime.InferenceSession(
                without_unread_inputs(model).SerializeToString(),
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:
            # onnxruntime's exceptions share no base of their own.
            raise CalibrationError(f"onnxruntime cannot load the model: {error}") from error
        self.outputs = tuple(each.name for each in self._session.get_outputs())
        self._inputs = {each.name for each in self._session.get_inputs()}

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the outputs by name; raises CalibrationError where the model does not run."""
        given = {name: array for name, array in feeds.items() if name in self._inputs}
        try:
            found = self._session.run(list(self.outputs), given)
        except Exception as error:
            raise CalibrationError(f"onnxruntime cannot run the model: {error}") from error
        return dict(zip(self.outputs, found, strict=True))


def exposed(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns the model with every tensor as an output."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    outputs = {each.name for each in copy.graph.output}
    for node in copy.graph.node:
        for name in node.output:
            if name and name not in outputs:
                copy.graph.output.append(onnx.ValueInfoProto(name=name))
    return copy
