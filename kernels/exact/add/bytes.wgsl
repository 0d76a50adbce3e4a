// A word of four int8, each of which `to_int8` gives for two int8 less their zero points. The second
// operand may be broadcast.

@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

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
    let size = shape(1u);
    let alike = all(size == shape(OUTPUT_SHAPE));
    var word = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let row = (4u * index + lane) / tensor.stride;
        let column = (4u * index + lane) % tensor.stride;
        if (row < tensor.rows && column < tensor.columns) {
            var byte = 4u * index + lane;
            if (!alike) {
                let at = min(coordinates(row, column), size - 1u);
                byte = row_at(size, at) * row_stride(size.w) + at.w;
            }
            let x = byte_of(a[index], lane) - field_zero_point_in();
            let y = byte_of(b[byte / 4u], byte % 4u) - field_pad_value();
            word = insertBits(word, bitcast<u32>(to_int8(x, y)), 8u * lane, 8u);
        }
    }
    output[index] = word;
}
