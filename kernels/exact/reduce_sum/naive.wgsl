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
    let source = tensor_layout(0u, select(4u, 1u, field_dtype_in() == INT8));
    var total = 0;
    for (var at_column = 0u; at_column < source.columns; at_column++) {
        if (field_dtype_in() == INT8) {
            let byte = row * source.stride + at_column;
            total += byte_of(x[byte / 16u][byte / 4u % 4u], byte % 4u);
        } else {
            let word = row * (source.stride / 4u) + at_column;
            total += bitcast<i32>(x[word / 4u][word % 4u]);
        }
    }
    output[at] = bitcast<u32>(total);
}
