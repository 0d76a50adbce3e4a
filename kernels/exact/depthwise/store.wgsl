@group(0) @binding(4) var<storage, read> bias: array<i32>;

fn bias_at(column: u32, columns: u32) -> i32 {
    if (field_input_count() < 3u || column >= columns) {
        return 0;
    }
    return bias[column];
}

fn written_columns(tensor: Layout) -> u32 {
    return tensor.stride / 4u;
}

// Rows of fewer than four words have a stride of one or two words, which includes padding.
fn store(pixel: u32, channel: u32, tensor: Layout, sums: array<vec4<i32>, 4>) {
    var tile = sums;
    let row_words = tensor.stride / 4u;
    let room = min(row_words - channel, 4u);
    for (var p = 0u; p < min(tensor.rows - pixel, 4u); p++) {
        let at = (pixel + p) * row_words + channel;
        for (var offset = 0u; offset < room; offset++) {
            let kept = channel + offset < tensor.columns;
            output[at + offset] = bitcast<u32>(select(0, tile[p][offset], kept));
        }
    }
}
