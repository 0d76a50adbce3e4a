@compute @workgroup_size(64)
fn naive_row(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation(group, groups, local);
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    if (row >= tensor.rows) {
        return;
    }
    let source = tensor_layout(0u, select(4u, 1u, dtype_in() == INT8));
    let largest = largest_of(row, source, 0u, 1u);
    let total = total_of(row, source, largest, 0u, 1u);
    for (var word = 0u; word < tensor.stride / 4u; word++) {
        var result = 0u;
        for (var lane = 0u; lane < min(4u, tensor.columns - 4u * word); lane++) {
            let found = part(element(row, 4u * word + lane, source), largest, total);
            result = insertBits(result, found, 8u * lane, 8u);
        }
        output[row * (tensor.stride / 4u) + word] = result;
    }
}
