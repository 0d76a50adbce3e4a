@group(0) @binding(5) var<storage, read> scale_descriptor: array<u32, 64>;
@group(0) @binding(6) var<storage, read_write> scaled: array<u32>;
@group(0) @binding(7) var<storage, read> channels: array<u32>;

fn scale_of(channel: u32) -> Scale {
    var multiplier = u32(read_multiplier(scale_descriptor[MULTIPLIER_WORD]));
    var shift = read_shift(scale_descriptor[SHIFT_WORD]);
    if (read_per_channel(scale_descriptor[PER_CHANNEL_WORD]) == 1u) {
        multiplier = channels[2u * channel];
        shift = channels[2u * channel + 1u];
    }
    return Scale(
        multiplier,
        shift,
        read_zero_point_out(scale_descriptor[ZERO_POINT_OUT_WORD]),
        read_clamp_low(scale_descriptor[CLAMP_LOW_WORD]),
        read_clamp_high(scale_descriptor[CLAMP_HIGH_WORD]),
    );
}

fn written_columns(tensor: Layout) -> u32 {
    return max(tensor.stride / 4u, row_stride(tensor.columns));
}

fn finish(row: u32, vector: Vector, tensor: Layout, sums: vec4<i32>) {
    store_sums(row, vector.column, tensor, sums);
    let stride = row_stride(tensor.columns);
    if (vector.column >= stride) {
        return;
    }
    let scaled_sums = to_int8(vector, sums);
    let after = vec4(
        activate(scaled_sums.x),
        activate(scaled_sums.y),
        activate(scaled_sums.z),
        activate(scaled_sums.w),
    );
    let kept = vec4(vector.column) + vec4(0u, 1u, 2u, 3u) < vec4(tensor.columns);
    let at = (row * stride + vector.column) / 4u;
    scaled[at] = packed_bytes(select(vec4(0), scaled_sums, kept));
    store_active(at, packed_bytes(select(vec4(0), after, kept)));
}
