"""Loads tensors whose bytes are in files beside the model.

The rules are those of https://github.com/onnx/onnx/blob/main/docs/ExternalData.md, narrowed: the
path stays below the model's folder and no part of it is a symbolic link.
"""

import os
import stat
from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx

from kernels.onnx.reading.errors import ModelError, Reason
from kernels.onnx.reading.tensors import held_tensors, stored_bytes


def load_external_data(model: onnx.ModelProto, folder: Path | None, limit: int) -> None:
    """Copies external bytes into the model, at most `limit` in all.

    Every path is checked before the first file is opened. Raises ModelError.
    """
    external = [
        tensor
        for tensor in held_tensors(model.graph)
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    ]
    if not external:
        return
    if folder is None:
        raise ModelError(Reason.EXTERNAL_DATA, "a model in memory cannot have external data")
    total = model.ByteSize() + sum(map(stored_bytes, external))
    if total > limit:
        raise ModelError(Reason.TOO_LARGE, f"the model takes {total} bytes, above {limit}")
    places = [_Place(tensor, folder) for tensor in external]
    for place in places:
        place.load()


class _Place:
    def __init__(self, tensor: onnx.TensorProto, folder: Path) -> None:
        self._tensor = tensor
        fields = {entry.key: entry.value for entry in tensor.external_data}
        self._path = _inside(folder, fields.get("location", ""), tensor.name)
        size = stored_bytes(tensor)
        try:
            self._offset = int(fields.get("offset", "0"))
            self._length = int(fields.get("length", str(size)))
        except ValueError as error:
            raise self._refusal(f"has a place that is not a number: {error}") from error
        if self._length != size or self._offset < 0:
            raise self._refusal(f"is {size} bytes, not {self._length} from {self._offset}")

    def load(self) -> None:
        try:
            # O_NOFOLLOW refuses a link that replaced the file after its path was checked.
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise self._refusal(f"cannot be read from {self._path}: {error.strerror}") from error
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise self._refusal(f"lies in {self._path}, which is not a regular file")
            if self._offset + self._length > found.st_size:
                raise self._refusal(f"ends beyond {self._path}, which has {found.st_size} bytes")
            file.seek(self._offset)
            self._tensor.raw_data = file.read(self._length)
        del self._tensor.external_data[:]
        self._tensor.data_location = onnx.TensorProto.DEFAULT

    def _refusal(self, message: str) -> ModelError:
        return ModelError(Reason.EXTERNAL_DATA, f"tensor {self._tensor.name!r} {message}")


def _inside(folder: Path, location: str, name: str) -> Path:
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    absolute = posix.is_absolute() or windows.is_absolute() or bool(windows.drive)
    parts = windows.parts
    if absolute or not parts or ".." in parts or "\0" in location or "\\" in location:
        raise ModelError(
            Reason.EXTERNAL_PATH, f"tensor {name!r} lies in {location!r}, outside the folder"
        )
    path = folder
    for part in posix.parts:
        path = path / part
        if path.is_symlink():
            raise ModelError(
                Reason.EXTERNAL_PATH, f"tensor {name!r} lies in {location!r}, a symbolic link"
            )
    return path
