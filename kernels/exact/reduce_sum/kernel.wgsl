@group(0) @binding(2) var<storage, read> x: array<u32>;

const ONES = 0x01010101u;

// Zero padding adds nothing, so whole words are summed.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation(group, groups, local);
    let narrow = dtype_in() == INT8;
    let source = tensor_layout(0u, select(4u, 1u, narrow));
    if (row >= source.rows) {
        return;
    }
    let start = row_word(row, source.stride);
    let steps = max(source.stride / 4u, 1u);
    var total = 0u;
    for (var word = 0u; word < steps; word++) {
        let value = (x[start.index + word] >> start.shift) & start.mask;
        total += select(value, bitcast<u32>(dot4I8Packed(value, ONES)), narrow);
    }
    output[row] = total;
}
