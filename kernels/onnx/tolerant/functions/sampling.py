"""Positions and weights of samples between elements."""

FUNCTIONS: dict[str, str] = {
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
}
