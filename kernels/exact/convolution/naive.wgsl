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
    let size = vec4<i32>(shape(0u));
    let result = vec4<i32>(shape(OUTPUT_SHAPE));
    let pixel = i32(row);
    let place = vec2(pixel / result.z % result.y, pixel % result.z);
    let image = pixel / (result.y * result.z);
    let stride = row_stride(shape(0u).w);
    let kernel = field_kernel();
    var sum = bias_at(column, tensor.columns);
    for (var tap = 0; tap < kernel.x * kernel.y; tap++) {
        let step = vec2(tap / kernel.y, tap % kernel.y) * field_dilation();
        let tap_at = place * field_stride() - field_padding_before() + step;
        let outside = any(tap_at < vec2(0)) || any(tap_at >= size.yz);
        let x_row = u32((image * size.y + tap_at.x) * size.z + tap_at.y) * stride;
        let w_row = u32(i32(column) * kernel.x * kernel.y + tap) * stride;
        for (var channel = 0u; channel < shape(0u).w; channel++) {
            var value = field_pad_value();
            if (!outside) {
                value = naive_byte(x[(x_row + channel) / 16u], x_row + channel);
            }
            let weight = naive_byte(weights[(w_row + channel) / 16u], w_row + channel);
            sum += (value - field_zero_point_in()) * weight;
        }
    }
    output[at] = bitcast<u32>(sum);
}
