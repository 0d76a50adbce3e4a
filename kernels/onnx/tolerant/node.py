"""One node as its lowering sees it, and the table of lowerings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from kernels.onnx.tolerant.element import ELEMENTS, Array, Bounds, Element
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Shape, Value


class Node:
    """A node with its operands, attributes and the plan that it adds to."""

    def __init__(  # noqa: PLR0917
        self,
        operator: str,
        opset: int,
        inputs: Sequence[Value | None],
        attributes: Mapping[str, Any],
        outputs: Sequence[str],
        plan: Plan,
    ) -> None:
        self.operator = operator
        self.opset = opset
        self.inputs = inputs
        self.outputs = outputs
        self.plan = plan
        self._attributes = attributes

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value, or the default."""
        return self._attributes.get(name, default)

    def has(self, index: int) -> bool:
        """Whether input number index is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def input(self, index: int) -> Value:
        """Input number index; unsupported when it is not given."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise self.refuse(f"input {index} is missing")
        return value

    def known(self, index: int) -> Array:
        """The values of an input that decides shapes; unsupported when only a run tells them."""
        value = self.input(index)
        if value.host is None:
            raise self.refuse(f"input {index} decides a shape and is known only after a run")
        return value.host()

    def ints(self, index: int) -> list[int]:
        """The values of such an input as a list."""
        return [int(each) for each in self.known(index).reshape(-1)]

    def axes(self, index: int, rank: int) -> list[int] | None:
        """Axes from the attribute or the input, none negative."""
        found = self.attribute("axes")
        if found is None and self.has(index):
            found = self.ints(index)
        return None if found is None else [each + rank if each < 0 else each for each in found]

    def axis(self, default: int, rank: int) -> int:
        """The attribute axis, not negative."""
        found = int(self.attribute("axis", default))
        return found + rank if found < 0 else found

    def floating(self, value: Value) -> None:
        """Unsupported unless lanes are floats."""
        if not value.element.is_float:
            raise self.refuse(f"{value.element.name} is no float")

    def emit(
        self,
        inputs: Sequence[Value],
        shape: Sequence[int],
        element: Element,
        code: str,
        bounds: Bounds | None = None,
        *,
        invocations: int | None = None,
    ) -> Value:
        """As Plan.emit, naming this operator in errors."""
        try:
            return self.plan.emit(
                inputs, tuple(shape), element, code, bounds, invocations=invocations
            )
        except UnsupportedOperator as error:
            raise self.refuse(f"{error.operator}: {error.why}") from error

    def bounds(self, value: Value) -> Bounds | None:
        """The integers a value may hold, where that is known."""
        if value.bounds is None and not value.element.is_wide and value.element.bits:
            return value.element.bounds
        if value.bounds is None and value.host is not None:
            array = value.host()
            if not array.size:
                return (0, 0)
            if not np.isfinite(array.astype(np.float64)).all():
                return None
            value.bounds = int(array.min()), int(array.max())
        return value.bounds

    def union(self, *values: Value) -> Bounds | None:
        """Bounds of a tensor that takes its elements from these."""
        found = [self.bounds(value) for value in values]
        if any(each is None for each in found):
            return None
        known = [each for each in found if each is not None]
        return min(low for low, _ in known), max(high for _, high in known)

    def refuse(self, why: str) -> UnsupportedOperator:
        """The error to raise."""
        return UnsupportedOperator(self.operator, why)


Lowering = Callable[[Node], Value | Sequence[Value]]


def reshaped(value: Value, shape: Sequence[int]) -> Value:
    """The same elements in another shape."""
    new = tuple(shape)
    host = value.host
    return Value(
        new,
        value.element,
        value.buffer,
        None if host is None else (lambda: host().reshape(new)),
        value.static,
        value.bounds,
        value.offset,
    )


def element_of(code: int, operator: str) -> Element:
    """The element type with ONNX's number; unsupported when it has no lanes."""
    if code not in ELEMENTS:
        raise UnsupportedOperator(operator, f"{TensorProto.DataType.Name(code).lower()} tensors")
    return ELEMENTS[code]


def broadcast_shape(*shapes: Shape) -> Shape:
    """NumPy's rule."""
    return tuple(int(axis) for axis in np.broadcast_shapes(*shapes))
