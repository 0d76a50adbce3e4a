"""Exponentials, logarithms and what is made of them."""

FUNCTIONS: dict[str, str] = {
    # exp(x) = 2^n exp(r), with r from -ln 2 / 2 to ln 2 / 2 in two steps of Cody and Waite.
    "exp_": """fn exp_(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    if (x > 88.722839) { return inf(); }
    if (x < -87.336544) { return 0.0; }
    let n = round(x * 1.44269504);
    return scaled(exp_near_zero((x - n * 0.693359375) + n * 2.1219444e-4), i32(n));
}""",
    "exp_near_zero": """fn exp_near_zero(r: f32) -> f32 {
    return 1.0 + r * (1.0 + r * (0.5 + r * (0.16666667 + r * (0.041666668 + r * (0.0083333338
        + r * (0.0013888889 + r * 0.00019841270))))));
}""",
    # exp(x) - 1 without cancellation near zero.
    "expm1": """fn expm1(x: f32) -> f32 {
    if (abs(x) < 0.1) {
        return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * 0.0083333333))));
    }
    return exp_(x) - 1.0;
}""",
    # n and m of a positive finite x = 2^n m, with m from the root of 1/2 to that of 2.
    "exponent_of": """fn exponent_of(x: f32) -> i32 {
    var b = bitcast<u32>(x);
    var n = 0;
    // A denormal number is a whole number of 2^-149.
    if (b < 0x800000u) { b = bitcast<u32>(f32(b)); n = -149; }
    return n + (i32(b - 0x3f3504f3u) >> 23u);
}""",
    "mantissa_of": """fn mantissa_of(x: f32) -> f32 {
    var b = bitcast<u32>(x);
    if (b < 0x800000u) { b = bitcast<u32>(f32(b)); }
    let n = i32(b - 0x3f3504f3u) >> 23u;
    return bitcast<f32>(b - (bitcast<u32>(n) << 23u));
}""",
    # ln m = 2 artanh(s), less 2 s.
    "log_tail": """fn log_tail(s: f32) -> f32 {
    let z = s * s;
    return s * z * (0.66666667 + z * (0.4 + z * (0.28571429 + z * (0.22222222
        + z * 0.18181818))));
}""",
    "log_": """fn log_(x: f32) -> f32 {
    let b = bitcast<u32>(x);
    if (is_nan(x) || b == 0x7f800000u) { return x; }
    if ((b & 0x7fffffffu) == 0u) { return -inf(); }
    if (b >= 0x80000000u) { return nan(); }
    let n = f32(exponent_of(x));
    let f = mantissa_of(x) - 1.0;
    let s = f / (2.0 + f);
    // f - f s equals 2 s, with the rounding of f alone.
    return n * 0.693359375 + (f - (f * s - log_tail(s)) - n * 2.1219444e-4);
}""",
    "log1p": """fn log1p(x: f32) -> f32 {
    if (abs(x) < 0.05) {
        return x * (1.0 - x * (0.5 - x * (0.33333333 - x * (0.25 - x * (0.2 - x * 0.16666667)))));
    }
    return log_(1.0 + x);
}""",
    # The hyperbolic cosine and sine divide by two before they square, so that neither overflows.
    "cosh_": """fn cosh_(x: f32) -> f32 {
    let e = exp_(0.5 * abs(x));
    return 0.5 * e * e + 0.5 / (e * e);
}""",
    "sinh_": """fn sinh_(x: f32) -> f32 {
    let a = abs(x);
    if (a < 1.0) { return 0.5 * (expm1(x) - expm1(-x)); }
    let e = exp_(0.5 * a);
    return with_sign_of_number(0.5 * e * e - 0.5 / (e * e), x);
}""",
    # As with_sign, but NaN stays as it is.
    "with_sign_of_number": """fn with_sign_of_number(x: f32, sign: f32) -> f32 {
    if (is_nan(sign)) { return sign; }
    return with_sign(x, sign);
}""",
    "tanh_": """fn tanh_(x: f32) -> f32 {
    let e = expm1(2.0 * min(abs(x), 15.0));
    return with_sign_of_number(e / (e + 2.0), x);
}""",
    "asinh_": """fn asinh_(x: f32) -> f32 {
    let a = abs(x);
    if (a > 1.0e9) { return with_sign_of_number(log_(a) + 0.69314718, x); }
    return with_sign_of_number(log1p(a + a * a / (1.0 + sqrt(a * a + 1.0))), x);
}""",
    "acosh_": """fn acosh_(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    if (x < 1.0) { return nan(); }
    if (x > 1.0e9) { return log_(x) + 0.69314718; }
    let t = x - 1.0;
    return log1p(t + sqrt(t * (t + 2.0)));
}""",
    "atanh_": """fn atanh_(x: f32) -> f32 {
    let a = abs(x);
    if (a > 1.0) { return nan(); }
    return with_sign_of_number(0.5 * log1p(2.0 * a / (1.0 - a)), x);
}""",
    "sigmoid": "fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp_(-x)); }",
    "softplus": """fn softplus(x: f32) -> f32 {
    return maximum(x, 0.0) + log1p(exp_(-abs(x)));
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
        + 0.254829592) * t * exp_(-a * a);
    return with_sign_of_number(y, x);
}""",
}
