"""The shipped attention kernel against its NumPy twin."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kernels.custom import PACKAGES, read_package, run_package
from kernels.runtime import Adapter
from tests.kernels.conftest import ADAPTERS

HEADS, TOKENS, WIDTH = 4, 128, 64


def attention(
    q: NDArray[np.float32], k: NDArray[np.float32], v: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Returns softmax(Q Kᵀ / √d) V in float64, all [heads, tokens, d]."""
    scores = q.astype(np.float64) @ k.transpose(0, 2, 1).astype(np.float64) / np.sqrt(WIDTH)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed: NDArray[np.float64] = weights / weights.sum(axis=-1, keepdims=True) @ v
    return mixed


@pytest.mark.parametrize("scale", [1.0, 30.0], ids=["soft", "nearly one-hot"])
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_attention_is_its_twin_within_half_of_what_two_may_differ_by(
    adapter: Adapter, scale: float
) -> None:
    package = read_package(PACKAGES / "attention")
    random = np.random.default_rng(7)
    q, k, v = (
        random.standard_normal((HEADS, TOKENS, WIDTH)).astype("<f4") * np.float32(spread)
        for spread in (scale, 1.0, 1.0)
    )
    output = run_package(package, [each.tobytes() for each in (q, k, v)], adapter.name)
    found = np.frombuffer(output, "<f4").reshape(HEADS, TOKENS, WIDTH)
    difference = np.abs(found - attention(q, k, v))
    assert difference.max() <= package.tolerance.absolute / 2
