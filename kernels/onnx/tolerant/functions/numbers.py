"""Special values, order and signs of floats."""

FUNCTIONS: dict[str, str] = {
    "inf": "fn inf() -> f32 { return bitcast<f32>(inf_bits); }",
    "nan": "fn nan() -> f32 { return bitcast<f32>(nan_bits); }",
    "is_nan": """fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}""",
    "is_inf": """fn is_inf(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}""",
    # Not by masks joined with |, which Mesa's CPU adapter miscompiles in branches.
    "with_sign": """fn with_sign(x: f32, sign: f32) -> f32 {
    return select(abs(x), -abs(x), bitcast<u32>(sign) >= 0x80000000u);
}""",
    "sign_": """fn sign_(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    return sign(x);
}""",
    # Compilers take x - x for zero and x / x for one, also where x is not finite.
    "total": """fn total(x: f32, y: f32) -> f32 {
    let b = bitcast<u32>(x);
    let opposite = (b ^ 0x80000000u) == bitcast<u32>(y);
    if (opposite && (b & 0x7f800000u) == 0x7f800000u) { return nan(); }
    return x + y;
}""",
    "difference": """fn difference(x: f32, y: f32) -> f32 {
    let b = bitcast<u32>(x);
    if (b == bitcast<u32>(y) && (b & 0x7f800000u) == 0x7f800000u) { return nan(); }
    return x - y;
}""",
    "quotient": """fn quotient(x: f32, y: f32) -> f32 {
    let b = bitcast<u32>(x);
    let e = b & 0x7f800000u;
    if (b == bitcast<u32>(y) && (e == 0x7f800000u || (b & 0x7fffffffu) == 0u)) { return nan(); }
    return x / y;
}""",
    # The larger or smaller of NaN and any number is NaN.
    "maximum": """fn maximum(x: f32, y: f32) -> f32 {
    if (is_nan(x)) { return x; }
    if (is_nan(y)) { return y; }
    return max(x, y);
}""",
    "minimum": """fn minimum(x: f32, y: f32) -> f32 {
    if (is_nan(x)) { return x; }
    if (is_nan(y)) { return y; }
    return min(x, y);
}""",
    "clipped": """fn clipped(x: f32, low: f32, high: f32) -> f32 {
    return minimum(maximum(x, low), high);
}""",
    "saturated": """fn saturated(x: f32, low: f32, high: f32) -> f32 {
    if (is_nan(x)) { return 0.0; }
    return clamp(x, low, high);
}""",
    # Comparisons with NaN are false.
    "equals": """fn equals(x: f32, y: f32) -> bool {
    return !is_nan(x) && !is_nan(y) && x == y;
}""",
    "exceeds": """fn exceeds(x: f32, y: f32) -> bool {
    return !is_nan(x) && !is_nan(y) && x > y;
}""",
    "reaches": """fn reaches(x: f32, y: f32) -> bool {
    return !is_nan(x) && !is_nan(y) && x >= y;
}""",
    # A number's place in the order of floats in which NaN comes last; both zeros are equal.
    "place_of": """fn place_of(x: f32) -> u32 {
    if (is_nan(x)) { return 0xffffffffu; }
    let b = bitcast<u32>(x);
    if ((b & 0x7fffffffu) == 0u) { return 0x80000000u; }
    return select(b | 0x80000000u, ~b, b >= 0x80000000u);
}""",
    # 2^n for n from -126 to 127.
    "two_to": """fn two_to(n: i32) -> f32 {
    return bitcast<f32>(u32(n + 127) << 23u);
}""",
    # x 2^n in two steps, because 2^n itself may be out of range.
    "scaled": """fn scaled(x: f32, n: i32) -> f32 {
    let half = clamp(n, -250, 250) >> 1u;
    return x * two_to(half) * two_to(clamp(n, -250, 250) - half);
}""",
}
