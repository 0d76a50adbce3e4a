"""Samples of a model's inputs: checked before anything runs, and split for a later comparison."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from kernels.onnx.exact import Interface
from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.inputs import without_unread_inputs
from kernels.onnx.reading import OpenAxes, given_shapes
from kernels.trace import DType
from kernels.trace.layout import Array

HELD_BACK = 5
"""Every fifth sample is held back from calibration, where there are as many."""
DRAWN = 8
"""Samples that are drawn where none are given."""
MOST_INDEX = 8
"""Integer inputs are indices mostly; these are small enough for every table."""
UINT8_SHIFT = 128

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Samples:
    """Arrays [count · B, ...] by input, in the model's types, with B the length of its first axis.

    `shapes` are those of one sample. `rows` tells that the first axis of every input is open, so
    that a sample's rows stand for themselves.
    """

    arrays: Mapping[str, Array]
    shapes: Shapes
    count: int
    rows: bool

    def batches(self) -> Iterator[dict[str, Array]]:
        """Yields the model's inputs, sample by sample."""
        for number in range(self.count):
            yield {
                name: array[number] if not shape else array[number * shape[0] :][: shape[0]]
                for name, array in self.arrays.items()
                for shape in (self.shapes[name],)
            }

    def chosen(self, numbers: Sequence[int]) -> "Samples":
        """Returns the samples of these numbers."""
        arrays = {}
        for name, array in self.arrays.items():
            size = self.shapes[name][0] if self.shapes[name] else 1
            places = [number * size + row for number in numbers for row in range(size)]
            arrays[name] = array[places]
        return Samples(arrays, self.shapes, len(numbers), self.rows)

    def filled(self, rows: Sequence[int]) -> "Samples":
        """Returns one sample of the same size that repeats these rows of the first sample."""
        arrays = {
            name: array[np.resize(np.asarray(rows), len(array))]
            for name, array in self.arrays.items()
        }
        return Samples(arrays, self.shapes, 1, self.rows)


@dataclass(frozen=True, slots=True)
class Split:
    """Samples to calibrate with, and others to compare results on.

    `kept` tells that both are the same, because there are too few to hold any back. `held_back`
    and `total` count samples, or rows where the only sample has an open first axis.
    """

    calibration: Samples
    comparison: Samples
    held_back: int
    total: int

    @property
    def kept(self) -> bool:
        """Whether the comparison uses the samples of the calibration."""
        return self.held_back == 0


def split(samples: Samples) -> Split:
    """Returns the samples with every fifth one held back.

    A single sample whose rows stand for themselves is split by rows. Fewer than five are used for
    both.
    """
    by_rows = samples.count == 1 and samples.rows
    total = min((len(each) for each in samples.arrays.values()), default=0)
    total = total if by_rows else samples.count
    held = range(HELD_BACK - 1, total, HELD_BACK)
    if not held:
        return Split(samples, samples, 0, total)
    others = [number for number in range(total) if number not in held]
    pick = samples.filled if by_rows else samples.chosen
    return Split(pick(others), pick(held), len(held), total)


def fit(
    model: onnx.ModelProto, arrays: Mapping[str, Array], shapes: Shapes | None = None
) -> Samples:
    """Returns the arrays as samples of the model's inputs, in its types.

    Inputs that nothing reads need no array. `shapes` sizes inputs, or axes by name, whatever the
    arrays hold.
    Another open first axis takes all rows as one sample, or as many as the sized inputs have
    samples. Raises CalibrationError, naming the array.
    """
    held = {each.name for each in model.graph.initializer}
    read = without_unread_inputs(model).graph.input
    ports = {port.name: port for port in read if port.name not in held}
    given, wrong = dict(shapes or {}), None
    try:
        given = {**given_shapes(model, given), **{k: v for k, v in given.items() if k in ports}}
        given = {name: shape for name, shape in given.items() if name in ports}
    except OpenAxes as error:
        wrong = error
    _require_known(ports, arrays, given)
    typed = {name: _typed(name, port, arrays[name]) for name, port in ports.items()}
    sizes = {name: _sizes(name, port, typed[name], given) for name, port in ports.items()}
    if wrong is not None:
        raise CalibrationError(str(wrong))
    fixed = {
        name: _counted(name, typed[name], shape)
        for name, shape in sizes.items()
        if not shape or shape[0]
    }
    _require_equal(fixed)
    count = next(iter(fixed.values()), 1)
    rows = {name: len(typed[name]) for name, shape in sizes.items() if name not in fixed}
    _require_equal(rows)
    for name, found in rows.items():
        if found % count:
            other = next(iter(fixed))
            raise CalibrationError(
                f"the calibration arrays hold different numbers of samples: {name!r} has {found} "
                f"rows, {other!r} has {count} samples"
            )
        sizes[name] = (found // count, *sizes[name][1:])
    return Samples(typed, sizes, count, rows=not fixed)


def drawn(interface: Interface, count: int = DRAWN) -> Samples:
    """Returns samples of random numbers over the whole range of a graph's inputs, seeded."""
    generator = np.random.default_rng(0)
    arrays, shapes = {}, {}
    for port in interface.inputs:
        shape = (port.shape[0] * count, *port.shape[1:]) if port.shape else (count,)
        shapes[port.name] = port.shape
        if port.dtype is DType.INT32:
            arrays[port.name] = generator.integers(0, MOST_INDEX, shape).astype(port.stored)
            continue
        codes = generator.integers(DType.INT8.low, DType.INT8.high + 1, shape)
        if port.stored in ("int8", "uint8"):
            shift = UINT8_SHIFT if port.stored == "uint8" else 0
            arrays[port.name] = (codes + shift).astype(port.stored)
        else:
            real = (codes - port.zero_point) * np.asarray(port.scale)
            arrays[port.name] = real.astype(port.stored)
    return Samples(arrays, shapes, count, rows=False)


def _require_known(
    ports: Mapping[str, onnx.ValueInfoProto], arrays: Mapping[str, Array], shapes: Shapes
) -> None:
    missing = sorted(ports.keys() - arrays.keys())
    if missing:
        held = ", ".join(sorted(arrays)) or "nothing"
        raise CalibrationError(
            f"the calibration set has no array {', '.join(missing)}; it holds {held}"
        )
    unknown = sorted(shapes.keys() - ports.keys())
    if unknown:
        raise CalibrationError(
            f"the model has no input {', '.join(unknown)}; its inputs are {', '.join(ports)}"
        )


def _typed(name: str, port: onnx.ValueInfoProto, array: Array) -> Array:
    """Returns an array in the input's type; floats are no integers, even where they are whole."""
    if not port.type.HasField("tensor_type"):
        raise CalibrationError(f"input {name!r} is not a tensor, as a job input must be")
    wanted = helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise CalibrationError(f"tensor {name!r} is not finite on the calibration set")
    if array.dtype == wanted:
        return array
    if array.dtype.kind not in "biuf" or (wanted.kind != "f" and array.dtype.kind == "f"):
        raise CalibrationError(f"calibration array {name!r} is {array.dtype}, the input {wanted}")
    cast = array.astype(wanted)
    if wanted.kind in "iu" and not np.array_equal(cast, array):
        raise CalibrationError(f"calibration array {name!r} exceeds {wanted}, the input's type")
    return cast


def _sizes(name: str, port: onnx.ValueInfoProto, array: Array, given: Shapes) -> tuple[int, ...]:
    """Returns the shape of one sample of an input, its first axis 0 where that is open."""
    tensor = port.type.tensor_type
    if name in given:
        sizes = given[name]
    elif tensor.HasField("shape"):
        sizes = tuple(max(axis.dim_value, 0) for axis in tensor.shape.dim)
    else:
        sizes = (0,) * array.ndim
    declared = len(tensor.shape.dim) if tensor.HasField("shape") else len(sizes)
    if declared != len(sizes):
        raise CalibrationError(
            f"the shape given for {name!r} has {len(sizes)} axes, the input {declared}"
        )
    if array.ndim != max(len(sizes), 1):
        raise CalibrationError(
            f"calibration array {name!r} has {array.ndim} axes, the input {len(sizes)}"
        )
    rest = tuple(size or seen for size, seen in zip(sizes[1:], array.shape[1:], strict=True))
    fitted = (*sizes[:1], *rest)
    if array.shape[1:] != rest or not len(array) or (sizes[:1] and len(array) % (sizes[0] or 1)):
        first = "a multiple of " + str(sizes[0]) if sizes and sizes[0] else "at least one row"
        raise CalibrationError(
            f"calibration array {name!r} is {array.shape}; expected {first} "
            f"along the first axis of {fitted}"
        )
    return fitted


def _counted(name: str, array: Array, shape: tuple[int, ...]) -> int:
    return len(array) // shape[0] if shape else len(array)


def _require_equal(counts: Mapping[str, int]) -> None:
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        raise CalibrationError(f"the calibration arrays hold different numbers of samples: {told}")
