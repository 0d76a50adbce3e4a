"""Reads and checks a model; nothing is allocated for a tensor before its size is known."""

import stat
from pathlib import Path

import onnx
import onnx.checker
import onnx.inliner
from google.protobuf.message import DecodeError

from kernels.onnx.reading.axes import open_axes, ranks_declared
from kernels.onnx.reading.errors import ModelError, Reason
from kernels.onnx.reading.external import load_external_data
from kernels.onnx.reading.functions import check_functions
from kernels.onnx.reading.structure import check_structure
from kernels.onnx.reading.tensors import check_tensors

# The limit of protobuf for one message.
MAX_MODEL_BYTES = (1 << 31) - 1
MIN_OPSET = 7
MIN_IR = 3


def read_model(path: Path) -> onnx.ModelProto:
    """Returns a checked model, with its external data loaded and its local functions inlined.

    Raises ModelError.
    """
    model = _parse(path)
    return check_model(model, path.parent)


def check_model(model: onnx.ModelProto, folder: Path | None = None) -> onnx.ModelProto:
    """Returns the model if it keeps every rule; external data may lie only below `folder`.

    Axes of length -1 become open. Raises ModelError.
    """
    _check_versions(model)
    check_functions(model)
    check_structure(model)
    check_tensors(model)
    open_axes(model.graph)
    load_external_data(model, folder, MAX_MODEL_BYTES)
    try:
        with ranks_declared(model):
            onnx.checker.check_model(model)
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
            check_structure(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(Reason.CHECKER, " ".join(str(error).split())[:600]) from error
    return model


def _parse(path: Path) -> onnx.ModelProto:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ModelError(Reason.BAD_FILE, f"{path} is not a regular file")
        if found.st_size > MAX_MODEL_BYTES:
            raise ModelError(
                Reason.TOO_LARGE, f"{path} has {found.st_size} bytes, above {MAX_MODEL_BYTES}"
            )
        model: onnx.ModelProto = onnx.ModelProto.FromString(path.read_bytes())
    except OSError as error:
        raise ModelError(Reason.BAD_FILE, f"{path}: {error.strerror}") from error
    except DecodeError as error:
        raise ModelError(Reason.BAD_FILE, f"{path} is not an ONNX model") from error
    if not model.HasField("graph"):
        raise ModelError(Reason.BAD_FILE, f"{path} is not an ONNX model: it has no graph")
    return model


def _check_versions(model: onnx.ModelProto) -> None:
    if not MIN_IR <= model.ir_version <= onnx.IR_VERSION:
        raise ModelError(
            Reason.BAD_VERSION,
            f"IR version {model.ir_version}: {MIN_IR} to {onnx.IR_VERSION} can be read",
        )
    newest = onnx.defs.onnx_opset_version()
    for opset in model.opset_import:
        if opset.domain in ("", "ai.onnx") and not MIN_OPSET <= opset.version <= newest:
            raise ModelError(
                Reason.BAD_VERSION,
                f"opset {opset.version}: {MIN_OPSET} to {newest} can be read; export it again",
            )
