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
    for (var word = 0u; word < tensor.stride / 4u; word++) {
        let at = row * (tensor.stride / 4u) + word;
        var result = 0u;
        for (var lane = 0u; lane < min(4u, tensor.columns - 4u * word); lane++) {
            let entry = u32(byte_of(x[at], lane) + 128);
            let found = byte_of(table[entry / 4u], entry % 4u);
            result = insertBits(result, bitcast<u32>(found), 8u * lane, 8u);
        }
        output[at] = result;
    }
}
