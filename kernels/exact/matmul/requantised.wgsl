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

// Four columns and the scale of each.
struct Vector {
    column: u32,
    scales: array<Scale, 4>,
}

fn vector_of(column: u32, tensor: Layout) -> Vector {
    var vector = Vector(column, array<Scale, 4>());
    for (var lane = 0u; lane < 4u; lane++) {
        vector.scales[lane] = scale_of(min(column + lane, tensor.columns - 1u));
    }
    return vector;
}

fn finish(row: u32, vector: Vector, tensor: Layout, sums: vec4<i32>) {
    store_sums(row, vector.column, tensor, sums);
    let stride = row_stride(tensor.columns);
    if (vector.column >= stride) {
        return;
    }
    let narrow = vec4(
        requantise(sums.x, vector.scales[0]),
        requantise(sums.y, vector.scales[1]),
        requantise(sums.z, vector.scales[2]),
        requantise(sums.w, vector.scales[3]),
    );
    let after = vec4(
        activate(narrow.x),
        activate(narrow.y),
        activate(narrow.z),
        activate(narrow.w),
    );
    let kept = vec4(vector.column) + vec4(0u, 1u, 2u, 3u) < vec4(tensor.columns);
    let at = (row * stride + vector.column) / 4u;
    scaled[at] = packed_bytes(select(vec4(0), narrow, kept));
    store_active(at, packed_bytes(select(vec4(0), after, kept)));
}

fn packed_bytes(values: vec4<i32>) -> u32 {
    let bytes = vec4<u32>(values) & vec4(255u);
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
