@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

fn joined(row: u32, column: u32, element_bytes: u32) -> u32 {
    let axis = field_axis();
    let first = shape(0u);
    let second = shape(1u);
    var at = coordinates(row, column);
    if (at[axis] < first[axis]) {
        let byte = row_at(first, at) * row_stride(first.w * element_bytes) + at.w * element_bytes;
        return a[byte / 4u] >> (8u * (byte % 4u));
    }
    at[axis] -= first[axis];
    let byte = row_at(second, at) * row_stride(second.w * element_bytes) + at.w * element_bytes;
    return b[byte / 4u] >> (8u * (byte % 4u));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let element_bytes = select(4u, 1u, field_dtype_in() == INT8);
    let tensor = tensor_layout(OUTPUT_SHAPE, element_bytes);
    if (index >= words(tensor)) {
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 4u / element_bytes; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let column = byte % tensor.stride / element_bytes;
        if (row < tensor.rows && column < tensor.columns) {
            let found = joined(row, column, element_bytes);
            result = insertBits(result, found, 8u * lane, 8u * element_bytes);
        }
    }
    output[index] = result;
}
