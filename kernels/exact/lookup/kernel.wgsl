@group(0) @binding(2) var<storage, read> x: array<u32>;
@group(0) @binding(3) var<storage, read> table: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    if (index >= words(tensor)) {
        return;
    }
    let word = x[index];
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let byte = 4u * index + lane;
        if (byte / tensor.stride < tensor.rows && byte % tensor.stride < tensor.columns) {
            let entry = u32(byte_of(word, lane) + 128);
            let found = byte_of(table[entry / 4u], entry % 4u);
            result = insertBits(result, bitcast<u32>(found), 8u * lane, 8u);
        }
    }
    output[index] = result;
}
