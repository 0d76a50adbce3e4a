"""WGSL text: literals, index arithmetic and the shared functions that a kernel needs."""

import math
import re
from collections.abc import Sequence

from kernels.onnx.tolerant.functions import FUNCTIONS
from kernels.onnx.tolerant.value import Shape, strides

WORKGROUP = 64
# Mesa's CPU adapter ends the loops of an invocation after 65,535 iterations in total.
MAX_LOOP = 65_535

# Hidden from the compiler, which refuses constants that are not finite.
_BITS = "var<private> inf_bits: u32 = 0x7f800000u;\nvar<private> nan_bits: u32 = 0x7fc00000u;"


def used_functions(text: str) -> str:
    """Returns the definitions that a text calls, and those that these call."""
    wanted: list[str] = []
    pending = [text]
    while pending:
        for name in re.findall(r"\b([a-z_0-9]+)\(", pending.pop()):
            if name in FUNCTIONS and name not in wanted:
                wanted.append(name)
                pending.append(FUNCTIONS[name])
    found = [FUNCTIONS[name] for name in sorted(wanted)]
    if any("_bits" in each for each in (*found, text)):
        found.insert(0, _BITS)
    return "\n".join(found)


def iterations(*counts: int) -> int:
    """Returns how often loops turn in all, each inside of the one before.

    Loops that turn once are unrolled.
    """
    total, product = 0, 1
    for count in counts:
        product *= count
        total += product if count > 1 else 0
    return total


def literal(x: float) -> str:
    """Returns a float32 as a WGSL literal."""
    if math.isnan(x):
        return "nan()"
    if math.isinf(x):
        return "inf()" if x > 0 else "(-inf())"
    return (
        f"({float(x)!r}f)"
        if abs(x) <= 3.4028234663852886e38
        else ("inf()" if x > 0 else "(-inf())")
    )


def axis_index(index: str, shape: Shape, axis: int) -> str:
    """Returns the position along an axis of the element with a row-major index."""
    step = strides(shape)[axis]
    if shape[axis] == 1:
        return "0u"
    inner = index if step == 1 else f"({index} / {step}u)"
    outermost = all(each == 1 for each in shape[:axis])
    return inner if outermost else f"({inner} % {shape[axis]}u)"


def strided(index: str, shape: Shape, steps: Sequence[int], offset: int = 0) -> str:
    """Returns offset + Σ position_k · step_k for a row-major index; steps may be negative."""
    signed = offset < 0 or any(step < 0 for step in steps)
    if not signed and not offset and tuple(steps) == strides(shape):
        return index
    unit = "i" if signed else "u"
    terms = [f"{offset}{unit}"] if offset or not any(steps) else []
    for axis, step in enumerate(steps):
        if step and shape[axis] > 1:
            position = axis_index(index, shape, axis)
            position = f"i32({position})" if signed else position
            terms.append(position if step == 1 else f"{position} * {_integer(step, unit)}")
    text = " + ".join(terms) or "0u"
    return f"u32({text})" if signed else f"({text})"


def _integer(step: int, unit: str) -> str:
    return f"({step}{unit})" if step < 0 else f"{step}{unit}"


def broadcast(index: str, shape: Shape, source: Shape) -> str:
    """Returns the index into a source that is broadcast to shape, by NumPy's rule."""
    padded = (1,) * (len(shape) - len(source)) + source
    steps = [0 if axis == 1 else step for axis, step in zip(padded, strides(padded), strict=True)]
    if padded == shape:
        return index
    return strided(index, shape, steps)
