fn written_columns(tensor: Layout) -> u32 {
    return row_stride(tensor.columns);
}

// Rows shorter than a word share words, and the tile's four rows fill whole ones.
fn store(pixel: u32, channel: u32, tensor: Layout, sums: array<vec4<i32>, 4>) {
    var tile = sums;
    let stride = row_stride(tensor.columns);
    let kept = vec4(channel, channel + 1u, channel + 2u, channel + 3u) < vec4(tensor.columns);
    let vector = vector_of(channel, tensor);
    var shared_word = 0u;
    for (var p = 0u; p < min(tensor.rows - pixel, 4u); p++) {
        let word = packed_bytes(select(vec4(0), to_int8(vector, tile[p]), kept));
        let at = (pixel + p) * stride + channel;
        if (stride >= 4u) {
            output[at / 4u] = word;
        } else {
            shared_word = select(shared_word, 0u, at % 4u == 0u) | (word << (8u * (at % 4u)));
            output[at / 4u] = shared_word;
        }
    }
}
