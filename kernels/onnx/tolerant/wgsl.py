"""WGSL text: functions that kernels share, and index arithmetic."""

import math
import re
from collections.abc import Sequence

from kernels.onnx.tolerant.value import Shape, strides

WORKGROUP = 64
# Mesa's CPU adapter ends the loops of an invocation after 65,535 iterations in total.
MAX_LOOP = 65_535

# Hidden from the compiler, which refuses constants that are not finite.
_BITS = "var<private> inf_bits: u32 = 0x7f800000u;\nvar<private> nan_bits: u32 = 0x7fc00000u;"

FUNCTIONS: dict[str, str] = {
    "inf": "fn inf() -> f32 { return bitcast<f32>(inf_bits); }",
    "nan": "fn nan() -> f32 { return bitcast<f32>(nan_bits); }",
    "is_nan": """fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}""",
    "is_inf": """fn is_inf(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}""",
    "round_f16": """fn round_f16(x: f32) -> f32 {
    let sign = bitcast<u32>(x) & 0x80000000u;
    let a = bitcast<u32>(x) & 0x7fffffffu;
    if (a >= 0x7f800000u) { return x; }
    if (a >= 0x477ff000u) { return bitcast<f32>(sign | inf_bits); }
    if (a < 0x38800000u) {
        let r = round(bitcast<f32>(a) * 16777216.0) / 16777216.0;
        return bitcast<f32>(sign | bitcast<u32>(r));
    }
    return bitcast<f32>(sign | ((a + 0xfffu + ((a >> 13u) & 1u)) & 0xffffe000u));
}""",
    "round_bf16": """fn round_bf16(x: f32) -> f32 {
    let a = bitcast<u32>(x);
    if ((a & 0x7fffffffu) >= 0x7f800000u) { return x; }
    return bitcast<f32>((a + 0x7fffu + ((a >> 16u) & 1u)) & 0xffff0000u);
}""",
    # A series near zero; elsewhere Abramowitz and Stegun 7.1.26, within 1.5e-7.
    "erf": """fn erf(x: f32) -> f32 {
    let a = abs(x);
    if (a < 0.5) {
        let s = x * x;
        return 1.1283791671 * x * (1.0 - s * (0.33333333 - s * (0.1 - s * (0.023809524
            - s * (0.0046296296 - s * 0.00075757576)))));
    }
    let t = 1.0 / (1.0 + 0.3275911 * a);
    let y = 1.0 - (((((1.061405429 * t - 1.453152027) * t) + 1.421413741) * t - 0.284496736) * t
        + 0.254829592) * t * exp(-a * a);
    return sign(x) * y;
}""",
    # exp(x) - 1 without cancellation near zero.
    "expm1": """fn expm1(x: f32) -> f32 {
    if (abs(x) < 0.1) {
        return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * 0.0083333333))));
    }
    return exp(x) - 1.0;
}""",
    "log1p": """fn log1p(x: f32) -> f32 {
    if (abs(x) < 0.05) {
        return x * (1.0 - x * (0.5 - x * (0.33333333 - x * (0.25 - x * (0.2 - x * 0.16666667)))));
    }
    return log(1.0 + x);
}""",
    "tanh_": """fn tanh_(x: f32) -> f32 {
    let a = min(abs(x), 15.0);
    let e = expm1(2.0 * a);
    return sign(x) * e / (e + 2.0);
}""",
    "sigmoid": "fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }",
    # Two steps of Cody and Waite, then the driver's function on a small argument.
    "reduced": """fn reduced(x: f32) -> f32 {
    let n = round(x * 0.15915494);
    return (x - n * 6.28125) - n * 0.0019353072;
}""",
    # Equals C's fmod for quotients below 2^24; the last step corrects the quotient's rounding.
    "remainder": """fn remainder(x: f32, y: f32) -> f32 {
    if (is_nan(x) || is_nan(y) || is_inf(x) || y == 0.0) { return nan(); }
    if (is_inf(y) || abs(x) < abs(y)) { return x; }
    var r = abs(x) - abs(y) * trunc(abs(x) / abs(y));
    if (r < 0.0) { r += abs(y); }
    if (r >= abs(y)) { r -= abs(y); }
    return select(r, -r, x < 0.0);
}""",
    "modulus": """fn modulus(x: f32, y: f32) -> f32 {
    let r = remainder(x, y);
    return select(r, r + y, r != 0.0 && ((r < 0.0) != (y < 0.0)));
}""",
    "reflect_into": """fn reflect_into(x: f32, low: f32, high: f32) -> f32 {
    let span = high - low;
    if (span <= 0.0) { return low; }
    let d = select(low - x, x - high, x > high);
    if (d <= 0.0) { return x; }
    let n = floor(d / span);
    let r = d - n * span;
    let even = n - 2.0 * floor(n / 2.0) == 0.0;
    return select(low + r, high - r, (x > high) == even);
}""",
    # Keys' cubic convolution kernel with a = -0.75.
    "keys": """fn keys(d: f32) -> f32 {
    let x = abs(d);
    if (x <= 1.0) { return (1.25 * x - 2.25) * x * x + 1.0; }
    if (x >= 2.0) { return 0.0; }
    return ((-0.75 * x + 3.75) * x - 6.0) * x + 3.0;
}""",
    # Rounds half to even to m bits of mantissa; below 2^least all steps are equal.
    "minifloat": """fn minifloat(x: f32, m: i32, least: i32, most: f32, beyond: f32) -> f32 {
    if (is_nan(x)) { return x; }
    let a = min(abs(x), 3.0e38);
    let e = max(i32(bitcast<u32>(a) >> 23u) - 127, least);
    let step = bitcast<f32>(u32(e - m + 127) << 23u);
    let r = round(a / step) * step;
    return select(1.0, -1.0, x < 0.0) * select(r, beyond, r > most);
}""",
    "power": """fn power(x: f32, y: f32) -> f32 {
    if (y == 0.0 || x == 1.0) { return 1.0; }
    if (is_nan(x) || is_nan(y)) { return nan(); }
    if (y == 1.0) { return x; }
    if (y == 2.0) { return x * x; }
    if (y == 0.5) { return sqrt(x); }
    let whole = floor(y) == y;
    let odd = whole && abs(y) < 16777216.0 && (i32(abs(y)) & 1) == 1;
    if (x == 0.0) {
        if (y < 0.0) { return inf(); }
        return 0.0;
    }
    if (x < 0.0 && !whole) { return nan(); }
    var m = 0.0;
    if (whole && abs(y) <= 64.0) {
        m = 1.0;
        for (var n = i32(abs(y)); n > 0; n--) { m *= abs(x); }
        if (y < 0.0) { m = 1.0 / m; }
    } else {
        m = exp2(y * log2(abs(x)));
    }
    return select(m, -m, x < 0.0 && odd);
}""",
    "power_i32": """fn power_i32(x: i32, y: i32) -> i32 {
    if (y < 0) {
        if (x == 1) { return 1; }
        if (x == -1) { return select(-1, 1, (y & 1) == 0); }
        return 0;
    }
    var b = x; var n = y; var r = 1;
    while (n > 0) {
        if ((n & 1) == 1) { r *= b; }
        b *= b;
        n >>= 1u;
    }
    return r;
}""",
}


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
