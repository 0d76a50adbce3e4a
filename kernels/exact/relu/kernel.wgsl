@group(0) @binding(2) var<storage, read> x: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let element_bytes = select(4u, 1u, field_dtype_in() == INT8);
    let tensor = tensor_layout(OUTPUT_SHAPE, element_bytes);
    if (index >= words(tensor)) {
        return;
    }
    let low = field_clamp_low();
    let high = field_clamp_high();
    let word = x[index];
    if (element_bytes == 4u) {
        let column = index % (tensor.stride / 4u);
        let clamped = min(max(bitcast<i32>(word), low), high);
        output[index] = select(0u, bitcast<u32>(clamped), column < tensor.columns);
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let byte = 4u * index + lane;
        if (byte / tensor.stride < tensor.rows && byte % tensor.stride < tensor.columns) {
            let clamped = min(max(byte_of(word, lane), low), high);
            result = insertBits(result, bitcast<u32>(clamped), 8u * lane, 8u);
        }
    }
    output[index] = result;
}
