// The four by four tile that one invocation computes.

@group(0) @binding(4) var<storage, read> bias: array<i32>;

fn starting_sums(column: u32, columns: u32) -> vec4<i32> {
    return vec4(
        bias_at(column, columns),
        bias_at(column + 1u, columns),
        bias_at(column + 2u, columns),
        bias_at(column + 3u, columns),
    );
}

fn bias_at(column: u32, columns: u32) -> i32 {
    if (field_input_count() < 3u || column >= columns) {
        return 0;
    }
    return bias[column];
}

// Rows of fewer than four words have a stride of one or two words, which includes padding.
fn store(row: u32, column: u32, row_words: u32, rows: u32, sums: vec4<i32>) {
    if (row >= rows) {
        return;
    }
    let at = row * row_words + column;
    let room = min(row_words - column, 4u);
    for (var offset = 0u; offset < room; offset++) {
        output[at + offset] = bitcast<u32>(sums[offset]);
    }
}
