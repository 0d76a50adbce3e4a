@group(0) @binding(4) var<storage, read> bias: array<i32>;

fn bias_at(column: u32, columns: u32) -> i32 {
    if (field_input_count() < 3u || column >= columns) {
        return 0;
    }
    return bias[column];
}

// Rows of fewer than four words have a stride of one or two words, which includes padding.
fn store_sums(row: u32, column: u32, tensor: Layout, sums: vec4<i32>) {
    let row_words = tensor.stride / 4u;
    for (var lane = 0u; lane < 4u; lane++) {
        if (column + lane < row_words) {
            output[row * row_words + column + lane] = bitcast<u32>(sums[lane]);
        }
    }
}

@compute @workgroup_size(GROUP_SIZE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    write_tile(group.y * groups.x + group.x, local);
}
