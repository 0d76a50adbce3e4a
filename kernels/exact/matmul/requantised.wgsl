@group(0) @binding(5) var<storage, read> scale_descriptor: array<u32, 64>;
@group(0) @binding(6) var<storage, read_write> scaled: array<u32>;
@group(0) @binding(7) var<storage, read> channels: array<u32>;

fn scale_of(channel: u32) -> Scale {
    var multiplier = scale_descriptor[36];
    var shift = scale_descriptor[37] & 255u;
    if (((scale_descriptor[37] >> 8u) & 255u) == 1u) {
        multiplier = channels[2u * channel];
        shift = channels[2u * channel + 1u];
    }
    return Scale(
        multiplier,
        shift,
        bitcast<i32>(scale_descriptor[33]),
        bitcast<i32>(scale_descriptor[34]),
        bitcast<i32>(scale_descriptor[35]),
    );
}

fn written_columns(tensor: Layout) -> u32 {
    return max(tensor.stride / 4u, row_stride(tensor.columns));
}

fn finish(row: u32, column: u32, tensor: Layout, sums: vec4<i32>) {
    store_sums(row, column, tensor, sums);
    let stride = row_stride(tensor.columns);
    if (column >= stride) {
        return;
    }
    var narrow = vec4(0);
    var after = vec4(0);
    for (var lane = 0u; lane < 4u; lane++) {
        if (column + lane < tensor.columns) {
            narrow[lane] = requantise(sums[lane], scale_of(column + lane));
            after[lane] = activate(narrow[lane]);
        }
    }
    let at = (row * stride + column) / 4u;
    scaled[at] = packed_bytes(narrow);
    store_active(at, packed_bytes(after));
}

fn packed_bytes(values: vec4<i32>) -> u32 {
    let bytes = vec4<u32>(values) & vec4(255u);
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
