@group(0) @binding(2) var<storage, read> x: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let row = invocation(group, groups, local);
    let narrow = field_dtype_in() == INT8;
    let source = tensor_layout(0u, select(4u, 1u, narrow));
    if (row >= source.rows) {
        return;
    }
    let start = row * source.stride;
    var best = 0u;
    var largest = -2147483647 - 1;
    for (var column = 0u; column < source.columns; column++) {
        var value = 0;
        if (narrow) {
            let byte = start + column;
            value = byte_of(x[byte / 4u], byte % 4u);
        } else {
            value = bitcast<i32>(x[start / 4u + column]);
        }
        // An element of the smallest value never replaces best, which is 0 already.
        if (value > largest) {
            largest = value;
            best = column;
        }
    }
    output[row] = best;
}
