"""ONNX functions of one number in float64, with their constant operands and attributes."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kernels.onnx.exact.network import Real

Attributes = Mapping[str, Any]
Function = Callable[[Real, list[Real], Attributes], Real]

# Near zero these change by a large share of their range within one of 256 steps.
STEEP = ("Log", "Reciprocal", "Sqrt")

CHAIN = "Chain"
"""Several operators that are one function, which is the attribute `apply`."""


def erf(x: Real) -> Real:
    """Returns the error function of x."""
    return np.asarray(np.vectorize(math.erf, otypes=[np.float64])(x))


def sigmoid(x: Real) -> Real:
    """Returns 1 / (1 + e^-x)."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def gelu(x: Real, attributes: Attributes) -> Real:
    """Returns x times the normal distribution function of x, or its tanh approximation."""
    if attributes.get("approximate", "none") == "tanh":
        return np.asarray(
            0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
        )
    return np.asarray(0.5 * x * (1.0 + erf(x / math.sqrt(2.0))))


def _elu(x: Real, alpha: float, gamma: float = 1.0) -> Real:
    return np.asarray(gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))))


def _shrink(x: Real, attributes: Attributes) -> Real:
    bias, limit = attributes.get("bias", 0.0), attributes.get("lambd", 0.5)
    return np.where(x < -limit, x + bias, np.where(x > limit, x - bias, 0.0))


FUNCTIONS: Mapping[str, Function] = {
    "Abs": lambda x, _, __: np.abs(x),
    "Acos": lambda x, _, __: np.arccos(x),
    "Acosh": lambda x, _, __: np.arccosh(x),
    "Asin": lambda x, _, __: np.arcsin(x),
    "Asinh": lambda x, _, __: np.arcsinh(x),
    "Atan": lambda x, _, __: np.arctan(x),
    "Atanh": lambda x, _, __: np.arctanh(x),
    "Ceil": lambda x, _, __: np.ceil(x),
    "Celu": lambda x, _, a: (
        np.maximum(x, 0.0)
        + np.minimum(0.0, a.get("alpha", 1.0) * np.expm1(x / a.get("alpha", 1.0)))
    ),
    CHAIN: lambda x, _, a: a["apply"](x),
    "Cos": lambda x, _, __: np.cos(x),
    "Cosh": lambda x, _, __: np.cosh(x),
    "Elu": lambda x, _, a: _elu(x, a.get("alpha", 1.0)),
    "Erf": lambda x, _, __: erf(x),
    "Exp": lambda x, _, __: np.exp(x),
    "Floor": lambda x, _, __: np.floor(x),
    "Gelu": lambda x, _, a: gelu(x, a),
    "HardSigmoid": lambda x, _, a: np.clip(a.get("alpha", 0.2) * x + a.get("beta", 0.5), 0, 1),
    "HardSwish": lambda x, _, __: x * np.clip(x / 6.0 + 0.5, 0, 1),
    "LeakyRelu": lambda x, _, a: np.where(x >= 0, x, a.get("alpha", 0.01) * x),
    "Log": lambda x, _, __: np.log(x),
    "Mish": lambda x, _, __: x * np.tanh(np.logaddexp(0.0, x)),
    "Neg": lambda x, _, __: -x,
    "Pow": lambda x, p, __: np.power(x, p[0].reshape(-1)[0]),
    "PRelu": lambda x, p, __: np.where(x >= 0, x, p[0].reshape(-1)[0] * x),
    "Reciprocal": lambda x, _, __: 1.0 / x,
    "Round": lambda x, _, __: np.rint(x),
    "Selu": lambda x, _, a: _elu(
        x, a.get("alpha", 1.6732631921768188), a.get("gamma", 1.0507010221481323)
    ),
    "Shrink": lambda x, _, a: _shrink(x, a),
    "Sigmoid": lambda x, _, __: sigmoid(x),
    "Sign": lambda x, _, __: np.sign(x),
    "Sin": lambda x, _, __: np.sin(x),
    "Sinh": lambda x, _, __: np.sinh(x),
    "Softplus": lambda x, _, __: np.logaddexp(0.0, x),
    "Softsign": lambda x, _, __: x / (1.0 + np.abs(x)),
    "Sqrt": lambda x, _, __: np.sqrt(x),
    "Swish": lambda x, _, a: x * sigmoid(a.get("alpha", 1.0) * x),
    "Tan": lambda x, _, __: np.tan(x),
    "Tanh": lambda x, _, __: np.tanh(x),
    "ThresholdedRelu": lambda x, _, a: np.where(x > a.get("alpha", 1.0), x, 0.0),
}
