"""Functions of one tensor."""

from typing import Any

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_graphs.sketch import Sketch, Tensor

ATTRIBUTES = {
    "Elu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "LeakyRelu": ("alpha",),
    "Selu": ("alpha", "gamma"),
    "ThresholdedRelu": ("alpha",),
    "Celu": ("alpha",),
}


@operator("Abs", "Ceil", "Cos", "Erf", "Floor", "HardSwish", "Neg", "Relu", "Round", "Sigmoid",
          "Sign", "Sin", "Softplus", "Softsign", "Tanh", "Atan", "Asinh", "Mish")  # fmt: skip
def plain(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a function that is defined everywhere."""
    return sketch.node(kind, [x], x.shape)


@operator(*ATTRIBUTES)
def shaped(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a function whose form attributes change."""
    given: dict[str, Any] = {
        name: sketch.choice((0.5, 0.1, 2.0)) for name in ATTRIBUTES[kind] if sketch.chance()
    }
    return sketch.node(kind, [x], x.shape, **given)


@operator("Gelu")
def gelu(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends Gelu in one of its two forms."""
    return sketch.node(kind, [x], x.shape, approximate=sketch.choice(("none", "tanh")))


@operator("Exp")
def exp(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends Exp of a tensor within -4..3."""
    bounds = [sketch.constant(-4.0), sketch.constant(3.0)]
    return sketch.node(kind, [sketch.node("Clip", [x, *bounds], x.shape)], x.shape)


@operator("Log", "Sqrt", "Reciprocal")
def positive(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a function of positive numbers."""
    low = sketch.constant(sketch.choice((0.5, 0.1)))
    return sketch.node(kind, [sketch.node("Add", [_size(sketch, x), low], x.shape)], x.shape)


@operator("Acos", "Asin", "Atanh")
def within_one(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a function of numbers within -1..1."""
    bound = sketch.node("Tanh", [x], x.shape)
    small = sketch.node("Mul", [bound, sketch.constant(0.9)], x.shape)
    return sketch.node(kind, [small], x.shape)


@operator("Clip")
def clip(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends Clip with either bound, both or none."""
    low = sketch.constant(sketch.choice((-1.0, 0.0, -0.3))) if sketch.chance() else ""
    high = sketch.constant(sketch.choice((1.0, 6.0, 0.3))) if sketch.chance() else ""
    return sketch.node(kind, [x, low, high], x.shape)


@operator("PRelu")
def prelu(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends PRelu with a slope per tensor, per channel or per element."""
    slope = sketch.numbers(sketch.broadcast(x.shape), 0.3)
    return sketch.node(kind, [x, sketch.constant(slope)], x.shape)


@operator("Pow")
def power(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a power: a number of any tensor, or one exponent per channel of a positive one."""
    if sketch.chance():
        exponents = np.asarray(sketch.random.uniform(0.5, 2.0, sketch.broadcast(x.shape)))
        return sketch.node(kind, [_size(sketch, x), sketch.constant(exponents)], x.shape)
    return sketch.node(kind, [x, sketch.constant(sketch.choice((2.0, 3.0, 1.0)))], x.shape)


def _size(sketch: Sketch, x: Tensor) -> Tensor:
    return sketch.node("Abs", [x], x.shape)
