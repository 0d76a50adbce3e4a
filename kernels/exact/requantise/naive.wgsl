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
    let source = tensor_layout(0u, 4u);
    for (var word = 0u; word < tensor.stride / 4u; word++) {
        var result = 0u;
        for (var column = 4u * word; column < min(4u * word + 4u, tensor.columns); column++) {
            let scaled = requantise(x[row * (source.stride / 4u) + column], scale_of(column));
            result = insertBits(result, bitcast<u32>(scaled), 8u * (column % 4u), 8u);
        }
        output[row * (tensor.stride / 4u) + word] = result;
    }
}
