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
    let source = tensor_layout(0u, 4u);
    let other = origin(row, column, source.columns);
    output[at] = x[other.x * (source.stride / 4u) + other.y];
}
