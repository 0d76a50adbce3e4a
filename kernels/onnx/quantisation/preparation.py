"""Fixes the shapes of a model and folds everything that does not depend on its inputs."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx
import onnxruntime

from kernels.onnx.exact.expansion import expanded


def prepared(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Returns an equal model after onnxruntime's basic rewrites: constants folded, batch norms
    merged; operators that others express are replaced by them.

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
        return expanded(onnx.load(path))
