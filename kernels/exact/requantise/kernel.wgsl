@group(0) @binding(2) var<storage, read> x: array<i32>;
@group(0) @binding(3) var<storage, read> channels: array<u32>;

fn scale_of(channel: u32) -> Scale {
    var multiplier = u32(field_multiplier());
    var shift = field_shift();
    if (field_per_channel() == 1u) {
        multiplier = channels[2u * channel];
        shift = channels[2u * channel + 1u];
    }
    return Scale(multiplier, shift, field_zero_point_out(), field_clamp_low(), field_clamp_high());
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let source = tensor_layout(0u, 4u);
    let narrow = field_dtype_out() == INT8;
    let tensor = tensor_layout(OUTPUT_SHAPE, select(4u, 1u, narrow));
    if (index >= words(tensor)) {
        return;
    }
    if (!narrow) {
        let column = index % (tensor.stride / 4u);
        var wide = 0;
        if (column < tensor.columns) {
            wide = requantise(x[index], scale_of(column));
        }
        output[index] = bitcast<u32>(wide);
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let column = byte % tensor.stride;
        if (row < tensor.rows && column < tensor.columns) {
            let value = x[row * (source.stride / 4u) + column];
            let scaled = requantise(value, scale_of(column));
            result = insertBits(result, bitcast<u32>(scaled), 8u * lane, 8u);
        }
    }
    output[index] = result;
}
