"""Sums, products, quotients and choices of two tensors and more."""

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_graphs.sketch import Sketch, Tensor


@operator("Add", "Sub", "Mul")
def pair(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends an operator of two tensors, in either order."""
    return sketch.node(kind, _ordered(sketch, x), x.shape)


@operator("Div")
def quotient(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a quotient by a constant, or by a computed tensor far from zero."""
    if sketch.chance():
        below = sketch.constant(
            np.sign(sketch.numbers(sketch.broadcast(x.shape)) + 0.1) * sketch.choice((0.5, 3.0))
        )
        return sketch.node(kind, [x, below], x.shape)
    other = sketch.node("Sigmoid", [x], x.shape)
    near = sketch.node("Add", [other, sketch.constant(sketch.choice((1.0, 0.2)))], x.shape)
    return sketch.node(kind, [x, near], x.shape)


@operator("Max", "Min", "Sum", "Mean")
def several(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends an operator of one to three tensors."""
    others = [sketch.like(x) for _ in range(sketch.integer(0, 2))]
    return sketch.node(kind, [x, *others], x.shape)


@operator("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal", "And", "Or", "Xor", "Not")
def logical(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a comparison, or an operator of two of them, and makes numbers of the booleans."""
    if kind in ("And", "Or", "Xor"):
        first = sketch.node("Greater", _ordered(sketch, x), x.shape, "bool")
        second = sketch.node("Less", _ordered(sketch, x), x.shape, "bool")
        made = sketch.node(kind, [first, second], x.shape, "bool")
    elif kind == "Not":
        made = sketch.node("Not", [_condition(sketch, x)], x.shape, "bool")
    elif kind == "Equal":
        steps = sketch.node("Round", [x], x.shape)
        other = sketch.constant(sketch.random.integers(-2, 3, sketch.broadcast(x.shape)))
        made = sketch.node(kind, [steps, other], x.shape, "bool")
    else:
        made = sketch.node(kind, _ordered(sketch, x), x.shape, "bool")
    return sketch.node("Cast", [made], x.shape, to=1)


@operator("Where")
def where(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a choice by a computed or a constant condition."""
    if sketch.chance():
        condition: Tensor | str = _condition(sketch, x)
    else:
        shape = sketch.broadcast(x.shape)
        condition = sketch.constant(sketch.random.random(shape) < 0.5, np.bool_)
    return sketch.node(kind, [condition, *_ordered(sketch, x)], x.shape)


def _condition(sketch: Sketch, x: Tensor) -> Tensor:
    kind = sketch.choice(("Greater", "Less"))
    return sketch.node(kind, [x, sketch.constant(sketch.numbers((1,), 0.5))], x.shape, "bool")


def _ordered(sketch: Sketch, x: Tensor) -> list[Tensor | str]:
    pair: list[Tensor | str] = [x, sketch.like(x)]
    return pair[::-1] if sketch.chance() else pair
