"""The value of a name while a graph is planned."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod

import numpy as np

from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, Array, Bounds, Element

Shape = tuple[int, ...]


@dataclass(eq=False, slots=True)
class Value:
    """A tensor: on the device, on the host, or both.

    `host` returns its values where planning may know them; `static` means that they depend on the
    model and the inputs' shapes alone. `bounds` are bounds on the device's integers.
    """

    shape: Shape
    element: Element
    buffer: int | None = None
    host: Callable[[], Array] | None = None
    static: bool = False
    bounds: Bounds | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)


@dataclass(eq=False, slots=True)
class TensorList(Value):
    """A sequence of tensors, known in length.

    It is a value so that names, bodies and functions pass it on; its own shape and element mean
    nothing, and only operators on sequences read it.
    """

    items: tuple[Value, ...] = ()

    @classmethod
    def of(cls, items: Iterable[Value]) -> "TensorList":
        """Returns the sequence of these tensors."""
        return cls((0,), ELEMENTS[FLOAT], items=tuple(items))


def on_host(array: Array, element: Element, static: bool) -> Value:
    """Returns a tensor whose values are known."""
    array = np.asarray(array)
    return Value(array.shape, element, host=lambda: array, static=static)


def strides(shape: Shape) -> Shape:
    """Returns the steps between neighbours along each axis, row-major."""
    found, step = [], 1
    for axis in reversed(shape):
        found.append(step)
        step *= axis
    return tuple(reversed(found))
