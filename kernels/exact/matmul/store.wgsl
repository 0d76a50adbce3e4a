// Rows of fewer than four words have a stride of one or two words, which includes padding.
fn store_sums(row: u32, column: u32, tensor: Layout, sums: vec4<i32>) {
    let row_words = tensor.stride / 4u;
    for (var lane = 0u; lane < 4u; lane++) {
        if (column + lane < row_words) {
            output[row * row_words + column + lane] = bitcast<u32>(sums[lane]);
        }
    }
}
