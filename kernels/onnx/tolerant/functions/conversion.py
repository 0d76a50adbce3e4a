"""Conversions between element types."""

FUNCTIONS: dict[str, str] = {
    # NaN and what does not fit become the least number, as on x86.
    "to_i32": """fn to_i32(x: f32) -> i32 {
    if (is_nan(x) || abs(x) >= 2147483648.0) { return i32(0x80000000u); }
    return i32(x);
}""",
    # Whole numbers wrap; NaN and infinities become zero.
    "to_u32": """fn to_u32(x: f32) -> u32 {
    let b = bitcast<u32>(x) & 0x7fffffffu;
    let e = i32(b >> 23u) - 150;
    var r = 0u;
    if (e <= 0) { r = u32(abs(x)); }
    else if (e < 32) { r = ((b & 0x7fffffu) | 0x800000u) << u32(e); }
    return select(r, 0u - r, bitcast<u32>(x) >= 0x80000000u);
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
    # Rounds half to even to m bits of mantissa; below 2^least all steps are equal.
    "minifloat": """fn minifloat(x: f32, m: i32, least: i32, most: f32, beyond: f32) -> f32 {
    if (is_nan(x)) { return x; }
    let a = min(abs(x), 3.0e38);
    let e = max(i32(bitcast<u32>(a) >> 23u) - 127, least);
    let step = bitcast<f32>(u32(e - m + 127) << 23u);
    let r = round(a / step) * step;
    return select(1.0, -1.0, x < 0.0) * select(r, beyond, r > most);
}""",
}
