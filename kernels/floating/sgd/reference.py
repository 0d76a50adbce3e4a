"""NumPy twin of a step of stochastic gradient descent with momentum (Sutskever et al. 2013)."""

from collections.abc import Sequence

from kernels.floating.definition import (
    Array,
    Dimensions,
    Settings,
    Stage,
    Tuning,
    Work,
    grid,
    streamed,
)


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Weights, gradient and velocity, all [N], to weights and velocity after it."""
    weights, gradient, velocity = inputs
    speed = settings["momentum"] * velocity + gradient + settings["weight_decay"] * weights
    return [weights - settings["learning_rate"] * speed, speed]


def example(size: int, element_bytes: int) -> Dimensions:
    """Arrays of 16 MiB."""
    return {"N": streamed(size, element_bytes) // 4}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Reads three arrays and writes two."""
    return Work(bytes=5 * dimensions["N"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Four weights an invocation."""
    return [Stage("main", grid(-(-dimensions["N"] // (4 * tuning["WORKGROUP"]))))]


def naive_invocations(dimensions: Dimensions) -> int:
    """One a weight."""
    return dimensions["N"]
