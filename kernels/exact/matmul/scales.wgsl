// Rows of bias, multiplier and shift of each channel, and four bytes of padding.
@group(0) @binding(4) var<storage, read> scales: array<i32>;

fn bias_at(column: u32, columns: u32) -> i32 {
    if (column >= columns) {
        return 0;
    }
    return scales[4u * column];
}

fn scale_of(channel: u32) -> Scale {
    return Scale(
        u32(scales[4u * channel + 1u]),
        u32(scales[4u * channel + 2u]),
        field_zero_point_out(),
        field_clamp_low(),
        field_clamp_high(),
    );
}
