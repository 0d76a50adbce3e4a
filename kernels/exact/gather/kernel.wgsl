@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read> table: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let element_bytes = select(4u, 1u, field_dtype_out() == INT8);
    let source = tensor_layout(1u, element_bytes);
    let tensor = tensor_layout(OUTPUT_SHAPE, element_bytes);
    if (index >= words(tensor)) {
        return;
    }
    let last = i32(source.rows) - 1;
    var result = 0u;
    for (var lane = 0u; lane < 4u / element_bytes; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let within = byte % tensor.stride;
        if (row < tensor.rows && within < tensor.columns * element_bytes) {
            let found = u32(clamp(indices[row], 0, last)) * source.stride + within;
            let word = table[found / 4u] >> (8u * (found % 4u));
            result = insertBits(result, word, 8u * lane, 8u * element_bytes);
        }
    }
    output[index] = result;
}
