@group(0) @binding(2) var<storage, read> x: array<u32>;

fn pooled(row: u32, channel: u32, source: Layout) -> i32 {
    let size = vec4<i32>(shape(0u));
    let result = vec4<i32>(shape(OUTPUT_SHAPE));
    let pixel = i32(row);
    let image = pixel / (result.y * result.z);
    let place = vec2(pixel / result.z % result.y, pixel % result.z);
    let corner = place * field_stride() - field_padding_before();
    let first = max(corner, vec2(0));
    let last = min(corner + field_kernel(), size.yz);
    var largest = -128;
    for (var y = first.x; y < last.x; y++) {
        for (var x_at = first.y; x_at < last.y; x_at++) {
            let byte = u32((image * size.y + y) * size.z + x_at) * source.stride + channel;
            largest = max(largest, byte_of(x[byte / 4u], byte % 4u));
        }
    }
    return largest;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let source = tensor_layout(0u, 1u);
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    if (index >= words(tensor)) {
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let channel = byte % tensor.stride;
        if (row < tensor.rows && channel < tensor.columns) {
            let found = pooled(row, channel, source);
            result = insertBits(result, bitcast<u32>(found), 8u * lane, 8u);
        }
    }
    output[index] = result;
}
