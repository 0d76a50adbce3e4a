"""A node as its lowering sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from kernels.onnx.tolerant.element import ELEMENTS, Array, Bounds, Element
from kernels.onnx.tolerant.errors import UnsupportedOperator
from kernels.onnx.tolerant.plan import Plan
from kernels.onnx.tolerant.value import Shape, Value


class Node:
    """A node with its operands, its attributes and the plan that it adds to.

    Its methods raise UnsupportedOperator.
    """

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
        """Returns an attribute's value, or the default."""
        return self._attributes.get(name, default)

    def has(self, index: int) -> bool:
        """Returns whether input number `index` is given."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def input(self, index: int) -> Value:
        """Returns input number `index`; raises UnsupportedOperator when it is not given."""
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            raise self.refuse(f"input {index} is missing")
        return value

    def known(self, index: int) -> Array:
        """Returns the values of an input that determines shapes.

        Raises UnsupportedOperator when they are known only after a run.
        """
        value = self.input(index)
        if value.host is None:
            raise self.refuse(f"input {index} determines a shape and is known only after a run")
        return value.host()

    def ints(self, index: int) -> list[int]:
        """Returns the values of an input that determines shapes as a list."""
        return [int(each) for each in self.known(index).reshape(-1)]

    def axes(self, index: int, rank: int) -> list[int] | None:
        """Returns the axes from the attribute or the input, none negative, or None."""
        found = self.attribute("axes")
        if found is None and self.has(index):
            found = self.ints(index)
        return None if found is None else [each + rank if each < 0 else each for each in found]

    def axis(self, default: int, rank: int) -> int:
        """Returns the attribute `axis`, not negative."""
        found = int(self.attribute("axis", default))
        return found + rank if found < 0 else found

    def floating(self, value: Value) -> None:
        """Raises UnsupportedOperator unless lanes are floats."""
        if not value.element.is_float:
            raise self.refuse(f"{value.element.name} is not a float type")

    def emit(
        self,
        inputs: Sequence[Value],
        shape: Sequence[int],
        element: Element,
        code: str,
        bounds: Bounds | None = None,
        *,
        invocations: int | None = None,
        streamed: bool = False,
    ) -> Value:
        """Does the same as Plan.emit, and names this operator in errors."""
        try:
            return self.plan.emit(
                inputs,
                tuple(shape),
                element,
                code,
                bounds,
                invocations=invocations,
                streamed=streamed,
            )
        except UnsupportedOperator as error:
            raise self.refuse(f"{error.operator}: {error.why}") from error

    def bounds(self, value: Value) -> Bounds | None:
        """Returns bounds on the integers in a value, or None where they are unknown."""
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
        """Returns bounds of a tensor that takes its elements from these values, or None."""
        found = [self.bounds(value) for value in values]
        if any(each is None for each in found):
            return None
        known = [each for each in found if each is not None]
        return min(low for low, _ in known), max(high for _, high in known)

    def refuse(self, why: str) -> UnsupportedOperator:
        """Returns the error to raise for this operator."""
        return UnsupportedOperator(self.operator, why)


Lowering = Callable[[Node], Value | Sequence[Value]]


def reshaped(value: Value, shape: Sequence[int]) -> Value:
    """Returns the same elements in another shape."""
    new = tuple(shape)
    host = value.host
    return Value(
        new,
        value.element,
        value.buffer,
        None if host is None else (lambda: host().reshape(new)),
        value.static,
        value.bounds,
    )


def element_of(code: int, operator: str) -> Element:
    """Returns the element type with ONNX's number.

    Raises UnsupportedOperator if the type has no lanes.
    """
    if code not in ELEMENTS:
        raise UnsupportedOperator(
            operator, f"{TensorProto.DataType.Name(code).lower()} tensors are not supported"
        )
    return ELEMENTS[code]


def broadcast_shape(*shapes: Shape) -> Shape:
    """Returns the common shape, by NumPy's rule."""
    return tuple(int(axis) for axis in np.broadcast_shapes(*shapes))
