"""NumPy twin of one step of stochastic gradient descent with momentum (Sutskever et al. 2013)."""

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
    """Returns weights and velocity after one step.

    The inputs are weights, gradient and velocity; all arrays are [N].
    """
    weights, gradient, velocity = inputs
    speed = settings["momentum"] * velocity + gradient + settings["weight_decay"] * weights
    return [weights - settings["learning_rate"] * speed, speed]


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns N for arrays of 16 MiB."""
    return {"N": streamed(size, element_bytes) // 4}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: three arrays read and two written."""
    return Work(bytes=5 * dimensions["N"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which an invocation updates four weights."""
    return [Stage("main", grid(-(-dimensions["N"] // (4 * tuning["WORKGROUP"]))))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per weight."""
    return dimensions["N"]
