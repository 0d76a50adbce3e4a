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
    let kernel = field_kernel();
    let taps = u32(kernel.x * kernel.y);
    let stride = row_stride(shape(0u).w);
    var sum = bias_at(column, tensor.columns);
    for (var tap = 0u; tap < taps; tap++) {
        let step = vec2(i32(tap) / kernel.y, i32(tap) % kernel.y) * field_dilation();
        let value = met(row, step, column / 4u * 4u, stride)[column % 4u];
        sum += (value - field_zero_point_in()) * weight(column, tap, taps, tensor.columns);
    }
    output[at] = bitcast<u32>(sum);
}
