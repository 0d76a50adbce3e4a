"""Which stored bytes one element of an operator's output depends on.

An element is an index over the whole leaf space of the output: byte offset / dtype size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from kernels.evidence.errors import EvidenceError, Reason
from kernels.graph import Descriptor, Opcode, TensorSpec, input_spec, is_batched
from kernels.trace import LEAF_BYTES, Shape, tensor_depth


@dataclass(frozen=True, slots=True)
class Place:
    """Row, an index over the first three axes, and column of an element."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Run:
    """Contiguous stored bytes of a tensor."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class LeafRange:
    """Leaves first..end of a tensor; the bytes of these are staged whole."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Strip:
    """Taps of one output element that are neighbours in a row of the image and lie inside it.

    `tap` is the first one's index in the kernel, `row` the pixel under it.
    """

    tap: int
    taps: int
    row: int


def leaf_space(spec: TensorSpec) -> int:
    """Number of elements, padding included, in the leaves of a tensor's tree."""
    return (LEAF_BYTES << tensor_depth(spec.shape, spec.dtype)) // spec.dtype.size


def element_at(spec: TensorSpec, place: Place) -> int:
    """Index of an element in the leaf space."""
    return (place.row * spec.stride) // spec.dtype.size + place.column


def place_of(spec: TensorSpec, element: int) -> Place | None:
    """The element of that index; None in padding. EvidenceError beyond the leaf space."""
    if not 0 <= element < leaf_space(spec):
        raise EvidenceError(
            Reason.ELEMENT_OUT_OF_RANGE, f"element {element} of {leaf_space(spec)} in {spec}"
        )
    row, within = divmod(element * spec.dtype.size, spec.stride)
    column = within // spec.dtype.size
    if row >= spec.rows or column >= spec.shape[3]:
        return None
    return Place(row, column)


def row_run(spec: TensorSpec, row: int, count: int = 1) -> Run:
    """Whole rows, their padding included."""
    return Run(row * spec.stride, count * spec.stride)


def element_run(spec: TensorSpec, place: Place, count: int = 1) -> Run:
    """Elements side by side in one row."""
    return Run(element_at(spec, place) * spec.dtype.size, count * spec.dtype.size)


def strips(descriptor: Descriptor, place: Place) -> Iterator[Strip]:
    """The taps inside the image, in ascending order; a dilation across keeps them apart."""
    window = descriptor.window
    _, height, width, _ = descriptor.input_shapes[0]
    _, out_height, out_width, _ = descriptor.output_shape
    above, out_x = divmod(place.row, out_width)
    image, out_y = divmod(above, out_height)
    x_from = out_x * window.stride[1] - window.padding[1]
    for ky in range(window.kernel[0]):
        y = out_y * window.stride[0] - window.padding[0] + ky * window.dilation[0]
        if not 0 <= y < height:
            continue
        pixels = (image * height + y) * width
        across = [
            (kx, x)
            for kx in range(window.kernel[1])
            if 0 <= (x := x_from + kx * window.dilation[1]) < width
        ]
        joined = len(across) if window.dilation[1] == 1 else 1
        for kx, x in across[:: max(joined, 1)]:
            yield Strip(ky * window.kernel[1] + kx, joined, pixels + x)


def filter_run(descriptor: Descriptor, place: Place) -> Run:
    """The weights of a convolution, depthwise or not, for one output channel."""
    taps = prod(descriptor.window.kernel)
    return row_run(input_spec(descriptor, 1), place.column * taps, taps)


def row_of_b(descriptor: Descriptor, place: Place) -> int:
    """The row of a matrix product's B that the element needs."""
    if not is_batched(descriptor):
        return place.column
    rows_of_a, rows_of_b = descriptor.input_shapes[0][2], descriptor.input_shapes[1][2]
    return rows_of_b * (place.row // rows_of_a) + place.column


def coordinates(shape: Shape, place: Place) -> list[int]:
    """N, H, W and C of an element."""
    above, w = divmod(place.row, shape[2])
    return [*divmod(above, shape[1]), w, place.column]


def place_at(shape: Shape, at: Sequence[int]) -> Place:
    """The element at coordinates N, H, W and C."""
    return Place((at[0] * shape[1] + at[1]) * shape[2] + at[2], at[3])


def broadcast_place(descriptor: Descriptor, place: Place) -> Place:
    """Where the second operand of add and multiply is read: at 0 along its axes of one element."""
    shape = descriptor.input_shapes[1]
    at = coordinates(descriptor.output_shape, place)
    return place_at(shape, [min(index, size - 1) for index, size in zip(at, shape, strict=True)])


def strided_place(descriptor: Descriptor, place: Place) -> Place:
    """Where as_strided reads its input."""
    at = coordinates(descriptor.output_shape, place)
    steps = zip(at, descriptor.steps, strict=True)
    flat = descriptor.offset + sum(index * step for index, step in steps)
    return Place(*divmod(flat, descriptor.input_shapes[0][3]))


def joined_place(descriptor: Descriptor, place: Place, position: int) -> Place | None:
    """Where concat reads one of its inputs; None in the other one's part."""
    axis = descriptor.axis
    at = coordinates(descriptor.output_shape, place)
    from_b = at[axis] >= descriptor.input_shapes[0][axis]
    if from_b != (position == 1):
        return None
    if from_b:
        at[axis] -= descriptor.input_shapes[0][axis]
    return place_at(descriptor.input_shapes[position], at)


def source_place(descriptor: Descriptor, place: Place, position: int, index: int) -> Place | None:
    """The one element of an input that an operator which reads one an input needs, if any."""
    match descriptor.opcode, position:
        case Opcode.ADD | Opcode.MULTIPLY, 1:
            return broadcast_place(descriptor, place)
        case Opcode.AS_STRIDED, _:
            return strided_place(descriptor, place)
        case Opcode.CONCAT, _:
            return joined_place(descriptor, place, position)
        case Opcode.GATHER, 0:
            return Place(place.row, 0)
        case Opcode.GATHER, _:
            last = descriptor.input_shapes[1][2] - 1
            return Place(min(max(index, 0), last), place.column)
        case _:
            return place


def runs(descriptor: Descriptor, place: Place, position: int, index: int = 0) -> list[Run]:
    """Ascending runs of the input at `position` that the element at `place` needs.

    `index` is what gather's first input holds; nothing else looks at it.
    """
    spec = input_spec(descriptor, position)
    match descriptor.opcode, position:
        case Opcode.MATMUL | Opcode.CONVOLUTION | Opcode.DEPTHWISE, 2:
            found = [element_run(spec, Place(0, place.column))]
        case Opcode.MATMUL, 1:
            found = [row_run(spec, row_of_b(descriptor, place))]
        case Opcode.CONVOLUTION | Opcode.DEPTHWISE, 1:
            found = [filter_run(descriptor, place)]
        case Opcode.CONVOLUTION, _:
            found = [row_run(spec, strip.row, strip.taps) for strip in strips(descriptor, place)]
        case Opcode.MAX_POOL | Opcode.DEPTHWISE, _:
            found = [
                element_run(spec, Place(strip.row + tap, place.column))
                for strip in strips(descriptor, place)
                for tap in range(strip.taps)
            ]
        case Opcode.REQUANTISE | Opcode.LAYER_NORM, 1:
            found = [row_run(spec, place.column)]
        case Opcode.LOOKUP, 1:
            found = [row_run(spec, 0)]
        case (
            Opcode.MATMUL | Opcode.ARGMAX | Opcode.SOFTMAX | Opcode.LAYER_NORM | Opcode.REDUCE_SUM,
            _,
        ):
            found = [row_run(spec, place.row)]
        case _:
            source = source_place(descriptor, place, position, index)
            found = [] if source is None else [element_run(spec, source)]
    return found


def leaf_ranges(runs_: Sequence[Run]) -> list[LeafRange]:
    """Leaves that cover the runs; a run that overlaps the range before it, or touches it, joins."""
    ranges: list[LeafRange] = []
    for run in runs_:
        first, end = run.start // LEAF_BYTES, -(-(run.start + run.size) // LEAF_BYTES)
        if ranges and first <= ranges[-1].end:
            ranges[-1] = LeafRange(ranges[-1].first, max(end, ranges[-1].end))
        else:
            ranges.append(LeafRange(first, end))
    return ranges
