fn naive_byte(quad: vec4<u32>, byte: u32) -> i32 {
    return byte_of(quad[byte / 4u % 4u], byte % 4u);
}

@compute @workgroup_size(64)
fn naive_element(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    let row = index / tensor.columns;
    let column = index % tensor.columns;
    if (row >= tensor.rows) {
        return;
    }
    let at = row * (tensor.stride / 4u) + column;
    let left = tensor_layout(0u, 1u);
    let right = tensor_layout(1u, 1u);
    let batch = select(0u, row / shape(0u).z, right.rows > shape(1u).z);
    let a_row = row * left.stride;
    let b_row = (batch * shape(1u).z + column) * right.stride;
    var sum = bias_at(column, tensor.columns);
    for (var k = 0u; k < left.columns; k++) {
        sum += naive_byte(a[(a_row + k) / 16u], a_row + k) * naive_byte(b[(b_row + k) / 16u], b_row + k);
    }
    output[at] = bitcast<u32>(sum);
}
