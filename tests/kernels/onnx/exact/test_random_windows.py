"""Windows, resizing and padding with random attributes are right or refused.

HYPOTHESIS_PROFILE=thorough draws 500 of each kind instead of 24.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from kernels.onnx.exact import LoweringError
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, exact, reference
from tests.kernels.onnx.exact.test_windows import (
    IN_SCALE,
    IN_ZERO,
    OUT_SCALE,
    OUT_ZERO,
    Builder,
    conv,
    node,
    real,
    resize,
    turned,
)

COUNT = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 24
COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
NEAREST = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


class Choice:
    """Random numbers of one seed, and the image that they chose."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.axes = self.of((1, 2, 2, 2, 3))
        self.channels = self.of((1, 2, 3, 4, 6))
        longest = 12 if self.axes < 3 else 6
        self.shape = (self.of((1, 2)), self.channels, *self.sizes(1, longest))

    def of(self, values: Sequence[int]) -> int:
        return values[int(self._rng.integers(len(values)))]

    def word(self, values: Sequence[str]) -> str:
        return values[int(self._rng.integers(len(values)))]

    def sizes(self, low: int, high: int) -> list[int]:
        return [int(each) for each in self._rng.integers(low, high + 1, self.axes)]

    def window(self) -> dict[str, Any]:
        found: dict[str, Any] = {"strides": self.sizes(1, 3)}
        mode = self.word(("pads", "pads", "none", "SAME_UPPER", "SAME_LOWER", "VALID"))
        if mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
            return found | {"auto_pad": mode}
        pads = [*self.sizes(0, 3), *self.sizes(0, 3)] if mode == "pads" else [0] * 2 * self.axes
        return found | {"pads": pads, "dilations": [self.of((1, 1, 2, 3)) for _ in pads[::2]]}


def convolution(choice: Choice) -> Builder:
    taps = choice.sizes(1, 7 if choice.axes < 3 else 3)
    groups = choice.channels if choice.of((0, 1)) else 1
    shape = (groups * choice.of((1, 2)), choice.channels // groups, *taps)
    return conv(*shape, group=groups, bias=bool(choice.of((0, 1))), **choice.window())


def transposed(choice: Choice) -> Builder:
    window = choice.window()
    if window.get("auto_pad") == "VALID":
        del window["auto_pad"]
    taps = choice.sizes(1, 5 if choice.axes < 3 else 3)
    return turned(choice.channels, choice.of((1, 2, 3)), *taps, **window)


def pool(choice: Choice) -> Builder:
    kind = choice.word(("MaxPool", "AveragePool"))
    taps = choice.sizes(1, 6 if choice.axes < 3 else 3)
    window = choice.window() | {"kernel_shape": taps}
    pads = window.get("pads")
    if isinstance(pads, list):
        window["pads"] = [min(pad, size - 1) for pad, size in zip(pads, taps * 2, strict=True)]
        window["ceil_mode"] = choice.of((0, 1))
    if kind == "AveragePool":
        window["count_include_pad"] = choice.of((0, 1))
    return node(kind, **window)


def resized(choice: Choice) -> Builder:
    words = {
        "mode": choice.word(("nearest", "linear")),
        "coordinate_transformation_mode": choice.word(COORDINATES),
    }
    if words["mode"] == "nearest":
        words["nearest_mode"] = choice.word(NEAREST)
    if choice.of((0, 1)):
        return resize(None, [*choice.shape[:2], *choice.sizes(1, 20)], **words)
    scales = [choice.of((10, 13, 15, 20, 25, 30)) / 10 for _ in range(choice.axes)]
    return resize([1, 1, *scales], **words)


def padded(choice: Choice) -> Builder:
    mode = choice.word(("constant", "edge", "reflect", "wrap"))
    low = -1 if mode in ("constant", "edge") else 0
    pads = [choice.of(range(low, 3)) for _ in range(2 * len(choice.shape))]
    return node("Pad", pads, *([np.float32(0.3)] if mode == "constant" else []), mode=mode)


KINDS: dict[str, Callable[[Choice], Builder]] = {
    "convolution": convolution,
    "transposed convolution": transposed,
    "pool": pool,
    "resize": resized,
    "pad": padded,
}


def compared(kind: str, seed: int) -> bool:
    """Returns whether a graph was compared: onnxruntime takes it, and so does the exact class."""
    choice = Choice(seed)
    build = KINDS[kind](choice)
    draft = Draft()
    x = draft.quantised(draft.input("x", choice.shape), IN_SCALE, IN_ZERO)
    model = draft.model(draft.quantised(build(draft, x), OUT_SCALE, OUT_ZERO))
    feeds: dict[str, Array] = {"x": real(*choice.shape, seed=seed)}
    try:
        expected = reference(model, feeds)
    except Exception:
        # onnxruntime refuses some attributes; its exceptions share no base of their own.
        return False
    if not expected.size:
        return False
    try:
        _, found = exact(model, feeds)
    except LoweringError:
        return False
    assert found.shape == expected.shape, (seed, draft.nodes)
    assert np.abs(found - expected).max() <= OUT_SCALE * 1.001, (seed, draft.nodes)
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_random_attributes(kind: str) -> None:
    done = [compared(kind, seed) for seed in range(COUNT)]
    assert sum(done) >= COUNT // 4
