"""Pad in all modes."""

import numpy as np

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.gathering import padded, selected
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, Node
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType

MODES = ("edge", "reflect", "wrap")
# A constant may be this far from the nearest code, in steps.
NEAREST = 0.5 + 1e-6


@operator("Pad")
def pad(lowering: Lowering, node: Node) -> None:
    """Lowers Pad; negative pads remove elements."""
    x = lowering.copied(node)
    pairs = _pairs(lowering, node, x.layout.ndim)
    cropped = [
        slice(max(-before, 0), size - max(-after, 0))
        for (before, after), size in zip(pairs, x.shape, strict=True)
    ]
    added = [(max(before, 0), max(after, 0)) for before, after in pairs]
    mode = node.attributes.get("mode", "constant")
    if mode == "constant":
        value = _value(lowering, node)
        x, code = _holding(lowering, node, x, value) if np.any(added) else (x, 0)
        x = x.viewed(x.layout[tuple(cropped)])
        if any(size < 1 for size in x.shape):
            raise LoweringError(node.label, "nothing is left of its input")
        lowering.put(node, padded(lowering.emit, x, added, code))
        return
    if mode not in MODES:
        raise LoweringError(node.label, f"mode {mode!r} has no exact form; use one of {MODES}")
    x = x.viewed(x.layout[tuple(cropped)])
    positions = {}
    for axis, (size, pair) in enumerate(zip(x.shape, added, strict=True)):
        if any(pair):
            if size < 1 or (mode == "reflect" and max(pair) >= size):
                raise LoweringError(node.label, f"pads {pair} exceed an axis of {size}")
            positions[axis] = np.pad(np.arange(size), pair, mode=mode)
    lowering.put(node, selected(lowering.emit, x, positions))


def _pairs(lowering: Lowering, node: Node, axes: int) -> list[tuple[int, int]]:
    """Returns the elements to add before and after each axis."""
    given = node.attributes.get("pads") or node.attributes.get("paddings")
    pads = lowering.integers(node, 1) if given is None else [int(each) for each in given]
    chosen = lowering.integers(node, 3) if lowering.has(node, 3) else list(range(axes))
    half = len(pads) // 2
    pairs = [(0, 0)] * axes
    for place, axis in enumerate(chosen):
        pairs[axis % axes] = (pads[place], pads[place + half])
    return pairs


def _value(lowering: Lowering, node: Node) -> float:
    if lowering.has(node, 2):
        return float(lowering.real(node, 2).reshape(-1)[0])
    return float(node.attributes.get("value", 0.0))


def _holding(lowering: Lowering, node: Node, x: Tensor, value: float) -> tuple[Tensor, int]:
    """Returns the tensor in a form that holds a number, and the number's code.

    Raises LoweringError where no known form does.
    """
    if x.per_channel:
        x = lowering.int8(node)
    forms = [x]
    target = lowering.wanted(node.outputs[0])
    if target is not None:
        forms.append(lowering.emit.int8(x, target)) if _code(x, value) is None else None
    for form in forms:
        code = _code(form, value)
        if code is not None:
            return form, code
    raise LoweringError(
        node.label, f"the constant {value} is outside of what its input's scale can hold"
    )


def _code(x: Tensor, value: float) -> int | None:
    exact = value / float(x.scale) + x.zero_point
    low, high = (LOW, HIGH) if x.dtype is DType.INT8 else (x.dtype.low, x.dtype.high)
    inside = np.isfinite(exact) and low - NEAREST <= exact <= high + NEAREST
    return int(np.clip(np.rint(exact), low, high)) if inside else None
