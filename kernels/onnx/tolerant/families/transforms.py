"""Fourier transforms, as sums over a table of the circle's points."""

from math import prod

import numpy as np

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.value import Value, on_host
from kernels.onnx.tolerant.wgsl import MAX_LOOP


def _circle(node: Node, length: int) -> Value:
    """Returns cosine and sine of every whole number of length-ths of a turn, [length, 2]."""
    if not 0 < length <= MAX_LOOP:
        raise node.refuse(f"a transform of {length} points is not supported, 1 to {MAX_LOOP} are")
    turns = np.arange(length) * (2 * np.pi / length)
    points = np.stack([np.cos(turns), np.sin(turns)], -1).astype(np.float32)
    return on_host(points, ELEMENTS[FLOAT], static=True)


@operator("DFT")
def fourier(node: Node) -> Value:
    """Lowers DFT: forwards or backwards along one axis, from and to [..., real, imaginary].

    One side of a spectrum is made from, or gives back, a real signal.
    """
    value = node.input(0)
    node.floating(value)
    if node.opset >= 20:
        axis = node.ints(2)[0] if node.has(2) else -2
    else:
        axis = int(node.attribute("axis", 1))
    axis %= value.rank
    parts, given = value.shape[-1], value.shape[axis]
    inverse, one_sided = bool(node.attribute("inverse", 0)), bool(node.attribute("onesided", 0))
    real = inverse and one_sided
    length = node.ints(1)[0] if node.has(1) else 2 * (given - 1) if real else given
    table = _circle(node, length)
    outputs = length // 2 + 1 if one_sided and not inverse else length
    terms = min(given, length // 2 + 1 if real else length)
    shape = (*value.shape[:axis], outputs, *value.shape[axis + 1 : -1], 1 if real else 2)
    inner = prod(value.shape[axis + 1 : -1])
    code = (
        f"let q = i / {shape[-1]}u; let inner = q % {inner}u; "
        f"let k = q / {inner}u % {outputs}u; let outer = q / {inner * outputs}u; "
        f"var re = 0.0; var im = 0.0; for (var t = 0u; t < {terms}u; t++) {{ "
        f"let j = (k * t) % {length}u * 2u; let at = ((outer * {given}u + t) * {inner}u + inner) "
        f"* {parts}u; {_product('at', parts, back=inverse)} "
    )
    if real:
        # The other side of the spectrum holds the conjugates of this one.
        code += f"let twice = select(2.0, 1.0, t == 0u || 2u * t == {length}u); re += twice * a; }}"
    else:
        code += "re += a; im += b; }"
    scale = f" / {length}.0" if inverse else ""
    code += f" let r = select(re, im, i % {shape[-1]}u == 1u){scale};"
    return node.emit([value, table], shape, value.element, code)


def _product(at: str, parts: int, *, back: bool) -> str:
    """Returns WGSL for a and b, the parts of input 0's element times the point j of input 1."""
    imaginary = f"$0[{at} + 1u]" if parts == 2 else "0.0"
    first, second = ("-", "+") if back else ("+", "-")
    return (
        f"let x = $0[{at}]; let y = {imaginary}; let c = $1[j]; let s = $1[j + 1u]; "
        f"let a = x * c {first} y * s; let b = y * c {second} x * s;"
    )


@operator("STFT")
def short_fourier(node: Node) -> Value:
    """Lowers STFT: transforms of overlapping frames of a signal [batch, length, parts]."""
    value, step = node.input(0), node.ints(1)[0]
    node.floating(value)
    batch, given, parts = value.shape
    length = node.input(2).size if node.has(2) else given
    length = node.ints(3)[0] if node.has(3) else length
    if step < 1 or length > given or (node.has(2) and node.input(2).size != length):
        raise node.refuse(f"frames of {length} in steps of {step} do not fit the signal or window")
    frames = 1 + (given - length) // step
    bins = length // 2 + 1 if node.attribute("onesided", 1) else length
    inputs, factor = [value, _circle(node, length)], ""
    if node.has(2):
        inputs.append(node.input(2))
        factor = " * $2[t]"
    code = (
        f"let k = i / 2u % {bins}u; let frame = i / {2 * bins}u % {frames}u; "
        f"let start = i / {2 * bins * frames}u * {given}u + frame * {step}u; "
        f"var re = 0.0; var im = 0.0; for (var t = 0u; t < {length}u; t++) {{ "
        f"let j = (k * t) % {length}u * 2u; let at = (start + t) * {parts}u; "
        f"{_product('at', parts, back=False)} re += a{factor}; im += b{factor}; }} "
        "let r = select(re, im, i % 2u == 1u);"
    )
    return node.emit(inputs, (batch, frames, bins, 2), value.element, code)
