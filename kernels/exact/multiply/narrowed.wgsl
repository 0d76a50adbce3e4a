fn to_int8(x: i32, y: i32) -> i32 {
    let scale = Scale(
        u32(field_multiplier()),
        field_shift(),
        field_zero_point_out(),
        field_clamp_low(),
        field_clamp_high(),
    );
    return requantise(x * y, scale);
}
