"""Circular functions and their inverses, for arguments of any size."""

FUNCTIONS: dict[str, str] = {
    "high_product": """fn high_product(x: u32, y: u32) -> u32 {
    let a = x >> 16u; let b = x & 0xffffu;
    let c = y >> 16u; let d = y & 0xffffu;
    let middle = a * d + ((b * d) >> 16u);
    return a * c + (middle >> 16u) + ((b * c + (middle & 0xffffu)) >> 16u);
}""",
    # The remainder after whole quarter turns, from -pi/4 to pi/4, and the number of quarters mod 4.
    # Small arguments take three steps of Cody and Waite. Others are a whole number times a power
    # of two, which is multiplied by 96 of the binary digits of 2/pi: those above turn whole turns.
    "turned": """fn turned(x: f32) -> vec2f {
    if (abs(x) < 4096.0) {
        let n = round(x * 0.63661977);
        let r = ((x - n * 1.5703125) - n * 4.837512969970703e-4) - n * 7.549789948768648e-8;
        return vec2f(r, n - 4.0 * floor(n * 0.25));
    }
    var digits = array<u32, 8>(0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u,
        0xdb629599u, 0x3c439041u, 0xfe5163abu);
    let b = bitcast<u32>(x) & 0x7fffffffu;
    let m = (b & 0x7fffffu) | 0x800000u;
    let first = (b >> 23u) - 120u;
    let word = first >> 5u;
    let shift = first & 31u;
    var part = array<u32, 3>(digits[word], digits[word + 1u], digits[word + 2u]);
    if (shift != 0u) {
        for (var k = 0u; k < 3u; k++) {
            part[k] = (digits[word + k] << shift) | (digits[word + k + 1u] >> (32u - shift));
        }
    }
    let low = m * part[1] + high_product(m, part[2]);
    let carry = select(0u, 1u, low < high_product(m, part[2]));
    let high = m * part[0] + high_product(m, part[1]) + carry;
    let top = bitcast<i32>((high << 2u) | (low >> 30u));
    let rest = f32(low << 2u) * 5.421010862427522e-20;
    let r = (f32(top) * 2.3283064365386963e-10 + rest) * 1.57079633;
    let quarter = ((high >> 30u) + select(0u, 1u, top < 0)) & 3u;
    if (x < 0.0) { return vec2f(-r, f32((4u - quarter) & 3u)); }
    return vec2f(r, f32(quarter));
}""",
    "sin_near_zero": """fn sin_near_zero(r: f32) -> f32 {
    let z = r * r;
    return r - r * z * (0.16666667 - z * (0.0083333333 - z * (0.00019841270
        - z * 2.7557319e-6)));
}""",
    "cos_near_zero": """fn cos_near_zero(r: f32) -> f32 {
    let z = r * r;
    return 1.0 - z * (0.5 - z * (0.041666667 - z * (0.0013888889 - z * 2.4801587e-5)));
}""",
    "sin_": """fn sin_(x: f32) -> f32 {
    if (is_nan(x) || is_inf(x)) { return nan(); }
    if (abs(x) < 1.0e-4) { return x; }
    let t = turned(x);
    let odd = t.y == 1.0 || t.y == 3.0;
    let r = select(sin_near_zero(t.x), cos_near_zero(t.x), odd);
    return select(r, -r, t.y >= 2.0);
}""",
    "cos_": """fn cos_(x: f32) -> f32 {
    if (is_nan(x) || is_inf(x)) { return nan(); }
    let t = turned(x);
    let odd = t.y == 1.0 || t.y == 3.0;
    let r = select(cos_near_zero(t.x), sin_near_zero(t.x), odd);
    return select(r, -r, t.y == 1.0 || t.y == 2.0);
}""",
    "tan_": """fn tan_(x: f32) -> f32 {
    if (is_nan(x) || is_inf(x)) { return nan(); }
    if (abs(x) < 1.0e-4) { return x; }
    let t = turned(x);
    let s = sin_near_zero(t.x);
    let c = cos_near_zero(t.x);
    return select(s / c, -c / s, t.y == 1.0 || t.y == 3.0);
}""",
    # Arguments are moved below tan(pi/8), where the series is short.
    "atan_": """fn atan_(x: f32) -> f32 {
    let a = abs(x);
    var start = 0.0;
    var t = a;
    if (a > 2.41421356) { start = 1.57079633; t = -1.0 / a; }
    else if (a > 0.41421356) { start = 0.785398163; t = (a - 1.0) / (a + 1.0); }
    let z = t * t;
    let r = start + (t - t * z * (0.33333333 - z * (0.2 - z * (0.14285714 - z * (0.11111111
        - z * (0.090909091 - z * (0.076923077 - z * 0.066666667)))))));
    return with_sign_of_number(r, x);
}""",
    "asin_": """fn asin_(x: f32) -> f32 {
    let a = abs(x);
    if (a > 1.0) { return nan(); }
    return with_sign_of_number(2.0 * atan_(a / (1.0 + sqrt((1.0 - a) * (1.0 + a)))), x);
}""",
    "acos_": """fn acos_(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    if (abs(x) > 1.0) { return nan(); }
    if (x == -1.0) { return 3.14159265; }
    return 2.0 * atan_(sqrt((1.0 - x) / (1.0 + x)));
}""",
}
