@group(0) @binding(4) var<storage, read> multipliers: array<i32>;

fn weighted(value: i32, multiplier: i32) -> Wide {
    let bits = bitcast<u32>(multiplier);
    if (multiplier >= 0) {
        return multiply(value, bits);
    }
    return negate(multiply(value, 0u - bits));
}

fn to_int8(x: i32, y: i32) -> i32 {
    let sum = add_wide(weighted(x, multipliers[0]), weighted(y, multipliers[1]));
    let scale = Scale(
        1u,
        field_shift(),
        field_zero_point_out(),
        field_clamp_low(),
        field_clamp_high(),
    );
    return rounded(sum, scale);
}
