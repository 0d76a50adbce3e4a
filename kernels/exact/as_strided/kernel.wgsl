@group(0) @binding(2) var<storage, read> x: array<u32>;

// Row and column in the input of an element of the output.
fn origin(row: u32, column: u32, columns: u32) -> vec2<u32> {
    let terms = coordinates(row, column) * field_steps();
    let flat = field_offset() + terms.x + terms.y + terms.z + terms.w;
    return vec2(flat / columns, flat % columns);
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let element_bytes = select(4u, 1u, field_dtype_in() == INT8);
    let source = tensor_layout(0u, element_bytes);
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
            let at = origin(row, column, source.columns);
            let found = at.x * source.stride + at.y * element_bytes;
            let word = x[found / 4u] >> (8u * (found % 4u));
            result = insertBits(result, word, 8u * lane, 8u * element_bytes);
        }
    }
    output[index] = result;
}
