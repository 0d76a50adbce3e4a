@compute @workgroup_size(64)
fn naive_row(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation(group, groups, local);
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    if (row >= tensor.rows) {
        return;
    }
    let start = row * (tensor.stride / 4u);
    let columns = i32(tensor.columns);
    var sum = 0;
    for (var column = 0u; column < tensor.columns; column++) {
        sum += cut(x[start + column]);
    }
    let mean = floor_divide(sum + columns / 2, columns);
    var squared = Wide(0u, 0u);
    for (var column = 0u; column < tensor.columns; column++) {
        let distance = u32(abs(cut(x[start + column]) - mean));
        squared = add_wide(squared, Wide(distance * distance, 0u));
    }
    let inverse = inverse_root(squared);
    for (var column = 0u; column < tensor.columns; column++) {
        output[start + column] = normalised(cut(x[start + column]) - mean, inverse, column);
    }
}
