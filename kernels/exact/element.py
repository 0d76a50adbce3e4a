"""Where one element of a tensor lies, and the stored bytes of an operand that it is read from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kernels.descriptor import TensorSpec
from kernels.trace import Array, Shape


@dataclass(frozen=True, slots=True)
class Place:
    """Row and column of an element; the row is an index over the first three axes."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Run:
    """Contiguous stored bytes of a tensor."""

    start: int
    size: int


class Stored(Protocol):
    """The stored bytes of one operand, or those of them that are at hand."""

    @property
    def spec(self) -> TensorSpec:
        """Shape and element type of the operand."""
        ...

    def read(self, run: Run) -> Array:
        """Returns the bytes of a run as elements, row padding included."""
        ...

    def rows(self, run: Run) -> Array:
        """Returns a run of whole rows without their padding, as [rows, columns]."""
        ...


class UnprovableError(ValueError):
    """A value under a root breaks a rule, so that no element that needs it can be proved wrong."""


def element_at(spec: TensorSpec, place: Place) -> int:
    """Returns the index of an element: its offset in the stored bytes over the dtype's size."""
    return (place.row * spec.stride) // spec.dtype.size + place.column


def row_run(spec: TensorSpec, row: int, count: int = 1) -> Run:
    """Returns the run of `count` whole rows, their padding included."""
    return Run(row * spec.stride, count * spec.stride)


def element_run(spec: TensorSpec, place: Place, count: int = 1) -> Run:
    """Returns the run of `count` neighbouring elements of one row."""
    return Run(element_at(spec, place) * spec.dtype.size, count * spec.dtype.size)


def coordinates(shape: Shape, place: Place) -> list[int]:
    """Returns N, H, W and C of an element."""
    above, w = divmod(place.row, shape[2])
    return [*divmod(above, shape[1]), w, place.column]


def place_at(shape: Shape, at: Sequence[int]) -> Place:
    """Returns the place of the element at coordinates N, H, W and C."""
    return Place((at[0] * shape[1] + at[1]) * shape[2] + at[2], at[3])
