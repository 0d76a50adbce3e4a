"""Powers and remainders."""

FUNCTIONS: dict[str, str] = {
    # C's fmod, exactly: the remainder of whole numbers, eight binary digits at a time.
    "remainder": """fn remainder(x: f32, y: f32) -> f32 {
    if (is_nan(x) || is_nan(y) || is_inf(x)) { return nan(); }
    let a = bitcast<u32>(x) & 0x7fffffffu;
    let b = bitcast<u32>(y) & 0x7fffffffu;
    if (b == 0u) { return nan(); }
    if (a < b) { return x; }
    let own = max(a >> 23u, 1u);
    let other = max(b >> 23u, 1u);
    let m = select(b, (b & 0x7fffffu) | 0x800000u, b >= 0x800000u);
    var r = select(a, (a & 0x7fffffu) | 0x800000u, a >= 0x800000u) % m;
    for (var left = own - other; left > 0u;) {
        let step = min(left, 8u);
        r = (r << step) % m;
        left -= step;
    }
    return with_sign(scaled(f32(r), i32(other) - 150), x);
}""",
    "modulus": """fn modulus(x: f32, y: f32) -> f32 {
    let r = remainder(x, y);
    if (is_nan(r)) { return r; }
    if (r == 0.0) { return with_sign(r, y); }
    return select(r, r + y, (r < 0.0) != (y < 0.0));
}""",
    "cut": "fn cut(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }",
    # The base's logarithm is kept in two floats, so that a large exponent does not enlarge its
    # rounding. Products of cut floats are exact.
    "power_of_positive": """fn power_of_positive(x: f32, y: f32) -> f32 {
    let n = f32(exponent_of(x));
    let m = mantissa_of(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let high = cut(s);
    let t = cut(1.0 + m);
    let low = ((f - high * t) - high * (m - (t - 1.0))) / (2.0 + f);
    let rest = 2.0 * low + log_tail(s);
    let major = high * 2.884765625;
    let minor = high * 6.2445657e-4 + rest * 1.44269504;
    let top = cut((major + minor) + n);
    let bottom = minor - ((top - n) - major);
    let z = cut(y);
    let p = z * top;
    let q = (y - z) * top + y * bottom;
    if (p + q > 128.5) { return inf(); }
    if (p + q < -127.0) { return 0.0; }
    let k = round(p + q);
    return scaled(exp_near_zero(((p - k) + q) * 0.69314718), i32(k));
}""",
    "power": """fn power(x: f32, y: f32) -> f32 {
    if (y == 0.0 && !is_nan(y)) { return 1.0; }
    if (x == 1.0 && !is_nan(x)) { return 1.0; }
    if (is_nan(x) || is_nan(y)) { return nan(); }
    let a = abs(x);
    if (is_inf(y)) {
        if (a == 1.0) { return 1.0; }
        return select(0.0, inf(), (a > 1.0) == (y > 0.0));
    }
    let whole = floor(y) == y;
    let odd = whole && abs(y) < 16777216.0 && (i32(abs(y)) & 1) == 1;
    var r = 0.0;
    if (a == 0.0 || is_inf(x)) {
        r = select(0.0, inf(), (a == 0.0) == (y < 0.0));
    } else if (x < 0.0 && !whole) {
        return nan();
    } else if (y == 0.5) {
        return sqrt(x);
    } else if (y == -1.0) {
        return 1.0 / x;
    } else if (whole && y > 0.0 && y <= 16.0) {
        r = 1.0;
        for (var n = i32(y); n > 0; n--) { r *= a; }
    } else {
        r = power_of_positive(a, y);
    }
    return select(r, with_sign(r, x), odd);
}""",
    # A whole exponent is exact; other results are truncated.
    "power_mixed": """fn power_mixed(x: i32, y: f32) -> i32 {
    if (floor(y) == y && abs(y) < 2147483648.0) { return power_i32(x, i32(y)); }
    return to_i32(power(f32(x), y));
}""",
    # The largest whole number whose square is at most x.
    "whole_root": """fn whole_root(x: u32) -> u32 {
    var r = min(u32(sqrt(f32(x))), 65535u);
    if (r * r > x) { r--; }
    if (r < 65535u && (r + 1u) * (r + 1u) <= x) { r++; }
    return r;
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
