"""How far an exact graph is from the model that it stands for, beside onnxruntime's own int8."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kernels.graph import Graph
from kernels.onnx.exact import Lowered
from kernels.trace.layout import Array

MOST_DB = 200.0
"""Stands for no difference at all."""
FLOAT_DB = 10.0
"""The least signal-to-noise ratio to a float model that is accepted."""
QUANTISED_DB = 20.0
"""The least one to a model that is quantised already, whose numbers the graph takes over."""
MOST_ERROR = 2.0
"""The most that an error may be, as a multiple of onnxruntime's own."""
MARK, LEAST_MARK = 1e6, 1e4
"""A number so large, and so many times as large as the median, stands for nothing: a mask's."""
MET = 0.01
"""How far from such a number, as a share of it, still meets it."""
STEPS = 255
"""An output in 8 bits has so many steps in its range."""

Execute = Callable[[Graph, Sequence[Array]], list[Array]]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The error of one output over all compared samples, in the output's own units.

    `error` is the root of the mean square, `step` an 8-bit step of the output's range, and `unit`
    the scale of an output that the model itself quantises, 0 for others. `ort_int8_snr_db` and
    `ort_int8_error` are those of onnxruntime's static int8 quantisation, None where there is none
    to compare with.
    """

    name: str
    snr_db: float
    error: float
    largest_error: float
    step: float
    ort_int8_snr_db: float | None = None
    ort_int8_error: float | None = None
    unit: float = 0.0

    @property
    def error_vs_ort_int8(self) -> float | None:
        """The error as a multiple of onnxruntime's, None where there is nothing to divide by."""
        return self.error / self.ort_int8_error if self.ort_int8_error else None

    def fault(self, least_db: float) -> str | None:
        """Returns why the output is too far off, or None.

        An error of at most one step of 8 bits is never too far from onnxruntime's, which may leave
        a part of a model in float. One unit in the last place, which ties are worth, is never too
        far from a quantised model.
        """
        if self.snr_db < least_db and self.error > self.unit:
            return (
                f"output {self.name!r} has a signal-to-noise ratio of {self.snr_db:.1f} dB; at "
                f"least {least_db:g} dB is accepted"
            )
        known = self.ort_int8_error
        if known is None or self.error <= MOST_ERROR * max(known, self.step / 2):
            return None
        return (
            f"output {self.name!r} has an error of {self.error:.3g}, more than {MOST_ERROR:g} "
            f"times the {known:.3g} of onnxruntime's int8"
        )


@dataclass(slots=True)
class Gap:
    """The difference of tensors from a reference, gathered sample by sample."""

    signal: float = 0.0
    noise: float = 0.0
    count: int = 0
    largest: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, found: Array, wanted: Array) -> None:
        """Counts one sample; numbers that are not finite are infinitely far from others.

        Numbers that stand for nothing, such as a mask's -1e9, are left out where they are met:
        beside them the loss of all others would not be seen.
        """
        right = wanted.astype(np.float64)
        with np.errstate(all="ignore"):
            apart = np.where(found == right, 0.0, np.abs(found.astype(np.float64) - right))
            apart = np.nan_to_num(apart, nan=np.inf)
        counted = ~(_is_mark(right) & (apart <= MET * np.abs(right)))
        right, apart = right[counted], apart[counted]
        with np.errstate(all="ignore"):
            self.noise += float(np.square(apart).sum())
        finite = right[np.isfinite(right)]
        self.signal += float(np.square(finite).sum())
        self.count += right.size
        self.largest = max(self.largest, float(apart.max(initial=0.0)))
        self.low = min(self.low, float(finite.min(initial=math.inf)))
        self.high = max(self.high, float(finite.max(initial=-math.inf)))

    @property
    def snr_db(self) -> float:
        """Signal over noise, at most MOST_DB in either direction."""
        if self.noise == 0:
            return MOST_DB
        if self.signal == 0 or not math.isfinite(self.noise):
            return -MOST_DB
        return float(np.clip(10 * math.log10(self.signal / self.noise), -MOST_DB, MOST_DB))

    @property
    def error(self) -> float:
        """The root of the mean square."""
        return math.sqrt(self.noise / self.count) if self.count else 0.0

    @property
    def step(self) -> float:
        """An 8-bit step of the reference's range."""
        return (self.high - self.low) / STEPS if self.high > self.low else 0.0


def _is_mark(values: Array) -> npt.NDArray[np.bool_]:
    """Returns which numbers are too large to be results like the others."""
    size = np.abs(values)
    ordinary = size[np.isfinite(size) & (size > 0)]
    if not ordinary.size:
        return np.zeros(values.shape, np.bool_)
    return np.asarray(np.isfinite(size) & (size > max(LEAST_MARK, MARK * np.median(ordinary))))


@dataclass(slots=True)
class Comparison:
    """Gathers the gaps of every output: of the exact graph, and of onnxruntime's int8."""

    exact: dict[str, Gap] = field(default_factory=dict)
    int8: dict[str, Gap] = field(default_factory=dict)

    def results(self) -> tuple[Accuracy, ...]:
        """Returns the accuracy of every output."""
        return tuple(self._result(name, gap) for name, gap in self.exact.items())

    def _result(self, name: str, gap: Gap) -> Accuracy:
        other = self.int8.get(name)
        return Accuracy(
            name,
            gap.snr_db,
            gap.error,
            gap.largest,
            gap.step,
            None if other is None else other.snr_db,
            None if other is None else other.error,
        )


def gather(gaps: dict[str, Gap], found: Mapping[str, Array], wanted: Mapping[str, Array]) -> None:
    """Adds one sample of the tensors that both have to the gaps."""
    for name, values in found.items():
        if name in wanted:
            gaps.setdefault(name, Gap()).add(values, wanted[name])


def outputs_of(lowered: Lowered, feeds: Mapping[str, Array], execute: Execute) -> dict[str, Array]:
    """Runs an exact graph on a model's inputs and returns its outputs as real numbers, by name."""
    interface = lowered.interface
    values = execute(lowered.graph, interface.encode(feeds))
    return {
        port.name: port.decode(values[port.operator])
        for port in interface.outputs
        if port.operator is not None
    }


def details_of(lowered: Lowered, feeds: Mapping[str, Array], execute: Execute) -> "ExactRun":
    """Runs the detailed form of an exact graph and returns what all its operators wrote."""
    given = lowered.interface.encode(feeds)
    # An input takes the shape in which the first operator reads it, and that may be merged.
    forms = lowered.detailed.inputs
    inputs = [each.reshape(form.shape) for each, form in zip(given, forms, strict=True)]
    return ExactRun(lowered, inputs, execute(lowered.detailed, inputs))


@dataclass(frozen=True, slots=True)
class ExactRun:
    """One run of an exact graph in detail: its job inputs and the outputs of its operators."""

    lowered: Lowered
    inputs: Sequence[Array]
    values: Sequence[Array]

    def tensors(self, names: Iterable[str]) -> dict[str, Array]:
        """Returns tensors of the model as real numbers, of those that the graph has."""
        held = self.lowered.tensors
        return {name: held[name].real(self.inputs, self.values) for name in names if name in held}
