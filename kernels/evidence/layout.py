"""Which stored bytes one element of an operator's output depends on.

An element is an index over the whole leaf space of the output: byte offset / dtype size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from kernels.evidence.errors import EvidenceError, Reason
from kernels.graph import Descriptor, Opcode, TensorSpec, input_spec, output_spec
from kernels.trace import LEAF_BYTES, tensor_depth


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
    """A convolution's weights for one output channel."""
    taps = prod(descriptor.window.kernel)
    return row_run(input_spec(descriptor, 1), place.column * taps, taps)


def runs(descriptor: Descriptor, place: Place, position: int) -> list[Run]:
    """Ascending runs of the input at `position` that the element at `place` needs."""
    spec = input_spec(descriptor, position)
    match descriptor.opcode, position:
        case Opcode.MATMUL | Opcode.CONVOLUTION, 2:
            found = [element_run(spec, Place(0, place.column))]
        case Opcode.MATMUL, 1:
            found = [row_run(spec, place.column)]
        case ((Opcode.MATMUL | Opcode.ARGMAX), _):
            found = [row_run(spec, place.row)]
        case Opcode.CONVOLUTION, 1:
            found = [filter_run(descriptor, place)]
        case Opcode.CONVOLUTION, _:
            found = [row_run(spec, strip.row, strip.taps) for strip in strips(descriptor, place)]
        case Opcode.MAX_POOL, _:
            found = [
                element_run(spec, Place(strip.row + tap, place.column))
                for strip in strips(descriptor, place)
                for tap in range(strip.taps)
            ]
        case Opcode.REQUANTISE, 1:
            found = [row_run(spec, place.column)]
        case Opcode.LOOKUP, 1:
            found = [row_run(spec, 0)]
        case _:
            found = [element_run(spec, place)]
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


def operand_ranges(descriptor: Descriptor, element: int) -> tuple[tuple[LeafRange, ...], ...]:
    """Leaf ranges of every operand; none of any in padding. EvidenceError beyond the output."""
    place = place_of(output_spec(descriptor), element)
    return tuple(
        tuple(leaf_ranges(runs(descriptor, place, position))) if place is not None else ()
        for position in range(len(descriptor.inputs))
    )
