"""Fixes the shapes of a model and folds everything that does not depend on its inputs."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx
import onnxruntime


def prepared(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Returns an equal model after onnxruntime's basic rewrites: constants folded, batch norms
    merged.

    The basic level keeps to ONNX's own operators.
    """
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    for value in fixed.graph.input:
        for axis, size in zip(
            value.type.tensor_type.shape.dim, shapes.get(value.name, ()), strict=False
        ):
            axis.dim_value = size
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        path = Path(folder) / "prepared.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(
            fixed.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return _without_unread_inputs(onnx.load(path))


def _without_unread_inputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """Removes the inputs that nothing reads, which no calibration can be asked for."""
    read = {name for node in model.graph.node for name in node.input}
    read |= {value.name for value in model.graph.output}
    if any(
        attribute.type == onnx.AttributeProto.GRAPH
        for node in model.graph.node
        for attribute in node.attribute
    ):
        return model
    kept = [value for value in model.graph.input if value.name in read]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    return model
