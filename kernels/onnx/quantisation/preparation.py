"""Fixes the shapes of a model and folds everything that does not depend on its inputs."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx
import onnxruntime

from kernels.onnx.exact.expansion import expanded, inlined
from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.inputs import without_unread_inputs
from kernels.onnx.quantisation.session import QUIET
from kernels.onnx.reading import sized


def prepared(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Returns an equal model after `folded`, without the operators that others express.

    Raises CalibrationError, or LoweringError naming a node.
    """
    return expanded(folded(model, shapes))


def folded(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """Returns an equal model after onnxruntime's basic rewrites: constants folded, branches of
    constant conditions taken, batch norms merged.

    The basic level keeps to ONNX's own operators. Raises CalibrationError where onnxruntime cannot
    load the model.
    """
    found = _optimised(inlined(sized(model, shapes)))
    # A branch that is taken may hold more that is constant.
    while (flat := inlined(found)) is not found:
        found = _optimised(flat)
    return found


def _optimised(model: onnx.ModelProto) -> onnx.ModelProto:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = QUIET
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        path = Path(folder) / "prepared.onnx"
        options.optimized_model_filepath = str(path)
        try:
            onnxruntime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # onnxruntime's exceptions share no base of their own.
            raise CalibrationError(f"onnxruntime cannot load the model: {error}") from error
        return without_unread_inputs(onnx.load(path))
