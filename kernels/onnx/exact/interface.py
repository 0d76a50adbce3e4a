"""Converts real numbers to job inputs, and a job's outputs back to real numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.onnx.exact.network import Quantisation, Real
from kernels.trace import DType, Shape
from kernels.trace.layout import Array

VERSION = 2
# It knew one output, that of the last operator.
FORMER_VERSION = 1
SHIFTS = {"int8": 0, "uint8": 128}


class InterfaceError(ValueError):
    """Tensors do not fit a model's inputs, or a document does not describe a model's tensors."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: ONNX's shape, the job's shape, and real = scale · (q − zero_point).

    `scale` is a list where each channel of the last axis has its own; `stored` is ONNX's element
    type. `operator` is the one that computes an output, None for an input and for the last.
    """

    name: str
    shape: tuple[int, ...]
    job_shape: Shape
    dtype: DType
    scale: float | list[float]
    zero_point: int
    stored: str
    operator: int | None = None

    def encode(self, real: Array) -> Array:
        """Returns real numbers, or ONNX's own int8 or uint8, as a job input.

        uint8 is shifted by 128. Raises InterfaceError on a wrong shape, on NaN, and on integers
        that ONNX's type or 32 bits cannot hold.
        """
        if real.shape != self.shape:
            raise InterfaceError(f"{self.name!r} is {real.shape}, expected {self.shape}")
        if real.dtype.kind == "f" and np.isnan(real).any():
            raise InterfaceError(f"{self.name!r} holds NaN, which no integer stands for")
        if self.dtype is DType.INT32 and isinstance(self.scale, list):
            units = np.rint(np.asarray(real, np.float64) / np.asarray(self.scale))
            whole = np.clip(units, DType.INT32.low, DType.INT32.high).astype(np.int32)
            return np.asarray(whole.reshape(self.job_shape))
        if self.dtype is DType.INT32:
            return self._whole(real, DType.INT32.low, DType.INT32.high, np.int32)
        if self.stored in SHIFTS:
            shift = SHIFTS[self.stored]
            low, high = DType.INT8.low + shift, DType.INT8.high + shift
            codes = self._whole(real, low, high, np.int16) - shift
            return codes.astype(np.int8)
        assert isinstance(self.scale, float)
        return (
            Quantisation(self.scale, self.zero_point)
            .of(np.asarray(real, np.float64))
            .reshape(self.job_shape)
        )

    def _whole(self, real: Array, low: int, high: int, dtype: npt.DTypeLike) -> Array:
        """Returns integers in the job's shape; raises InterfaceError where one does not fit."""
        fits = np.all((real >= low) & (real <= high)) and np.array_equal(real, np.rint(real))
        if real.size and not fits:
            raise InterfaceError(
                f"{self.name!r} holds other numbers than integers of {low}..{high}"
            )
        return real.astype(dtype).reshape(self.job_shape)

    def decode(self, result: Array) -> npt.NDArray[np.float32]:
        """Returns an output of a job as real numbers, float32 in ONNX's shape."""
        return np.asarray(self._real(result), np.float32)

    def restore(self, result: Array) -> Array:
        """Returns an output of a job as ONNX gives it, floats as float32 and int8 as codes."""
        stored = np.dtype(self.stored)
        if self.stored in SHIFTS and self.dtype is DType.INT8:
            codes = result.astype(np.int16) + SHIFTS[self.stored]
            return codes.astype(stored).reshape(self.shape)
        if stored.kind in "biu":
            return np.rint(self._real(result)).astype(stored)
        return self.decode(result)

    def _real(self, result: Array) -> Real:
        units = result.astype(np.float64).reshape(self.job_shape) - self.zero_point
        return np.asarray(units * np.asarray(self.scale)).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Interface:
    """A model's inputs in order, its outputs, and the inputs that have no effect."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    unused: tuple[str, ...] = ()

    @property
    def output(self) -> Port:
        """The only output; raises InterfaceError where there are several."""
        if len(self.outputs) != 1:
            names = ", ".join(port.name for port in self.outputs)
            raise InterfaceError(f"the model has several outputs: {names}")
        return self.outputs[0]

    def encode(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Returns job inputs from ONNX inputs by name; raises InterfaceError if one is missing."""
        missing = [port.name for port in self.inputs if port.name not in feeds]
        if missing:
            raise InterfaceError(f"no value for the inputs {', '.join(missing)}")
        return [port.encode(feeds[port.name]) for port in self.inputs]

    def decode(self, result: Array) -> npt.NDArray[np.float32]:
        """Returns the only output as real numbers, from a job's result; see `Port.decode`."""
        return self.output.decode(result)

    def restore(self, computed: Sequence[Array]) -> dict[str, Array]:
        """Returns the outputs by name as ONNX gives them, from what every operator computed."""
        return {
            port.name: port.restore(computed[-1 if port.operator is None else port.operator])
            for port in self.outputs
        }

    def as_json(self) -> dict[str, Any]:
        """Returns the JSON document that is written beside a graph file."""
        return {
            "version": VERSION,
            "inputs": [_document(port) for port in self.inputs],
            "outputs": [_document(port) for port in self.outputs],
            "unused": list(self.unused),
        }

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> "Interface":
        """Returns the interface from `as_json`'s document; raises InterfaceError for others."""
        try:
            if document["version"] == FORMER_VERSION:
                inputs = tuple(_port(each, None) for each in document["inputs"])
                return cls(inputs, (_port(document["output"], None),))
            if document["version"] != VERSION:
                raise InterfaceError(
                    f"version {document['version']} is not {VERSION}: make the graph again"
                )
            return cls(
                tuple(_port(each, None) for each in document["inputs"]),
                tuple(_port(each, int(each["operator"])) for each in document["outputs"]),
                tuple(map(str, document["unused"])),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InterfaceError(f"not the description of a model's tensors: {error}") from error


def _document(port: Port) -> dict[str, Any]:
    return asdict(port) | {"dtype": port.dtype.name.lower()}


def _port(document: Mapping[str, Any], operator: int | None) -> Port:
    job_shape: Sequence[int] = [int(size) for size in document["job_shape"]]
    scale = document["scale"]
    return Port(
        name=str(document["name"]),
        shape=tuple(int(size) for size in document["shape"]),
        job_shape=(job_shape[0], job_shape[1], job_shape[2], job_shape[3]),
        dtype=DType[document["dtype"].upper()],
        scale=[float(each) for each in scale] if isinstance(scale, list) else float(scale),
        zero_point=int(document["zero_point"]),
        stored=np.dtype(document["stored"]).name,
        operator=operator,
    )
