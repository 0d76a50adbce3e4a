"""A network between ONNX and the exact graph: float nodes, and how their tensors are quantised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernels.trace.layout import Array

Real = npt.NDArray[np.float64]
LOW, HIGH = -128, 127
QUANTISE = "Quantise"


@dataclass(frozen=True, slots=True)
class Quantisation:
    """real = scale · (q − zero_point), with q clamped to low..high within int8."""

    scale: float
    zero_point: int = 0
    low: int = LOW
    high: int = HIGH

    def of(self, real: Real) -> npt.NDArray[np.int8]:
        """Returns the nearest int8 values; ties go to even, as in ONNX."""
        units = np.rint(np.nan_to_num(real / self.scale)) + self.zero_point
        return np.asarray(np.clip(units, self.low, self.high), np.int8)

    @classmethod
    def covering(cls, low: float, high: float, *, symmetric: bool = False) -> "Quantisation":
        """Returns the finest quantisation that covers low..high and zero."""
        low, high = min(low, 0.0), max(high, 0.0)
        if symmetric:
            largest = max(-low, high)
            return cls(largest / HIGH if largest else 1.0)
        if high == low:
            return cls(1.0)
        scale = (high - low) / (HIGH - LOW)
        return cls(scale, int(np.clip(np.rint(LOW - low / scale), LOW, HIGH)))


@dataclass(frozen=True, slots=True)
class Weights:
    """A quantised constant: real = scale · values, the zero point being subtracted already.

    `values` hold the int16 differences; `scale` is a scalar, or a vector along `axis`.
    """

    values: npt.NDArray[np.int16]
    scale: Real
    axis: int = 0

    @property
    def real(self) -> Real:
        """The real numbers that the constant stands for, float64."""
        if self.scale.ndim == 0:
            return np.asarray(self.values * self.scale, np.float64)
        shape = [1] * self.values.ndim
        shape[self.axis] = -1
        return np.asarray(self.values * self.scale.reshape(shape), np.float64)


@dataclass(frozen=True, slots=True)
class Node:
    """An ONNX operator over real tensors, or `Quantise` with its target in `attributes`."""

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The node's name in error messages; that of its last operator where it merges several."""
        kind = self.attributes.get("last", self.kind)
        return f"{kind} {self.name or self.outputs[0]!r}"


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """An input of the ONNX graph; without a quantisation it holds integers and stays int32.

    `stored` is the ONNX element type as NumPy names it. With `columns`, one scale for each position
    of the last axis, it holds real numbers in int32 instead.
    """

    name: str
    shape: tuple[int, ...]
    quantisation: Quantisation | None
    stored: str
    columns: Real | None = None


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """An output of the ONNX graph; `stored` is its element type as NumPy names it."""

    name: str
    stored: str


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes in order, constants by name, and the outputs.

    `quantisations`, `peaks` and `channels` hold the results of calibration. The first maps a tensor
    to its int8 form where one is needed, the second maps a tensor that stays int32 to its largest
    magnitude. The third maps a tensor that only products with constants read to one scale per
    channel; those products take the scales into their weights. `floors` maps an operand of a sum
    of scores to the lowest number that matters there; lower ones may become that one.
    """

    inputs: tuple[NetworkInput, ...]
    nodes: tuple[Node, ...]
    constants: Mapping[str, Array | Weights]
    outputs: tuple[NetworkOutput, ...]
    quantisations: Mapping[str, Quantisation] = field(default_factory=dict)
    peaks: Mapping[str, float] = field(default_factory=dict)
    channels: Mapping[str, Real] = field(default_factory=dict)
    floors: Mapping[str, float] = field(default_factory=dict)

    def consumers(self, name: str) -> list[Node]:
        """Returns the nodes that read a tensor."""
        return [node for node in self.nodes if name in node.inputs]

    def is_output(self, name: str) -> bool:
        """Returns whether a tensor is an output of the graph."""
        return any(each.name == name for each in self.outputs)
