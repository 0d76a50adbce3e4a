"""NumPy twin of scaled dot-product attention (Vaswani et al. 2017, section 3.2.1)."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import Array, Dimensions, Settings, Stage, Tuning, Work, grid

TEAM = 16


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns softmax(Q Kᵀ / √D) V, [H, T, D], for Q[H, T, D], K[H, S, D] and V[H, S, D].

    If causal, query t sees keys up to t.
    """
    q, k, v = inputs
    scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]).astype(q.dtype)
    if settings["causal"]:
        scores[:, np.triu(np.ones(scores.shape[1:], bool), 1)] = -np.inf
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return [weights / weights.sum(axis=-1, keepdims=True) @ v]


def prepare(dimensions: Dimensions, settings: Settings) -> Settings:
    """Returns the factor that scales the scores."""
    return {"scale": float(dimensions["D"] ** -0.5)}


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns eight heads of 64 channels, with a quarter of the size as tokens."""
    return {"H": 8, "T": max(1, size // 4), "S": max(1, size // 4), "D": 64}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: two products of T by S by D per head."""
    products = dimensions["H"] * dimensions["T"] * dimensions["S"] * dimensions["D"]
    return Work(flops=4 * products)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which sixteen invocations take four queries."""
    block = 4 * tuning["WORKGROUP"] // TEAM
    return [Stage("main", grid(dimensions["H"] * -(-dimensions["T"] // block)))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per query of each head."""
    return dimensions["H"] * dimensions["T"]
