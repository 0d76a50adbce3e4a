"""NumPy twin of one AdamW step (Loshchilov and Hutter 2019, algorithm 2, schedule 1)."""

from collections.abc import Sequence

import numpy as np

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
    """Returns weights, first and second moments after one step.

    The inputs are weights, gradient, first and second moments; all arrays are [N].
    """
    weights, gradient, first, second = inputs
    beta1, beta2, rate = settings["beta1"], settings["beta2"], settings["learning_rate"]
    correction = prepare({}, settings)
    mean = beta1 * first + (1 - beta1) * gradient
    squares = beta2 * second + (1 - beta2) * gradient * gradient
    step = mean / correction["correction1"]
    step /= np.sqrt(squares / correction["correction2"]) + settings["epsilon"]
    return [weights - rate * (settings["weight_decay"] * weights + step), mean, squares]


def prepare(dimensions: Dimensions, settings: Settings) -> Settings:
    """Returns 1 − beta^step in double precision, since single precision would cancel most of it."""
    return {
        f"correction{each}": float(1.0 - settings[f"beta{each}"] ** settings["step"])
        for each in (1, 2)
    }


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns N for arrays of 16 MiB."""
    return {"N": streamed(size, element_bytes) // 4}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: four arrays read and three written."""
    return Work(bytes=7 * dimensions["N"] * element_bytes)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which an invocation updates four weights."""
    return [Stage("main", grid(-(-dimensions["N"] // (4 * tuning["WORKGROUP"]))))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per weight."""
    return dimensions["N"]
