@group(0) @binding(2) var<storage, read> x: array<vec4<u32>>;

const ONES = 0x01010101u;

// The sum of four words, or of the bytes in them.
fn summed(value: vec4<u32>, bytes: bool) -> u32 {
    if (!bytes) {
        return value.x + value.y + value.z + value.w;
    }
    return bitcast<u32>(
        dot4I8Packed(value.x, ONES) + dot4I8Packed(value.y, ONES)
            + dot4I8Packed(value.z, ONES) + dot4I8Packed(value.w, ONES),
    );
}

// Rows shorter than sixteen bytes share a vector.
fn short_row(row: u32, stride: u32, bytes: bool) -> u32 {
    let start = row_word(row, stride);
    var total = 0u;
    for (var word = start.index; word < start.index + max(stride / 4u, 1u); word++) {
        let value = (x[word / 4u][word % 4u] >> start.shift) & start.mask;
        total += summed(vec4(value, 0u, 0u, 0u), bytes);
    }
    return total;
}

// Zero padding adds nothing, so whole vectors are summed.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation(group, groups, local);
    let bytes = field_dtype_in() == INT8;
    let source = tensor_layout(0u, select(4u, 1u, bytes));
    if (row >= source.rows) {
        return;
    }
    if (source.stride < 16u) {
        output[row] = short_row(row, source.stride, bytes);
        return;
    }
    let quads = source.stride / 16u;
    var total = 0u;
    for (var quad = row * quads; quad < (row + 1u) * quads; quad++) {
        total += summed(x[quad], bytes);
    }
    output[row] = total;
}
