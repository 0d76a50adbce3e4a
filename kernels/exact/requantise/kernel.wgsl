@group(0) @binding(2) var<storage, read> x: array<i32>;
@group(0) @binding(3) var<storage, read> channels: array<u32>;

fn wide_of(value: i32) -> Wide {
    return Wide(bitcast<u32>(value), bitcast<u32>(value >> 31u));
}

fn saturate(value: Wide) -> i32 {
    let low = bitcast<i32>(value.low);
    if (bitcast<i32>(value.high) != low >> 31u) {
        return select(2147483647, -2147483647 - 1, bitcast<i32>(value.high) < 0);
    }
    return low;
}

fn requantise(value: i32, channel: u32) -> i32 {
    var multiplier = descriptor[36];
    var shift = descriptor[37] & 255u;
    if (((descriptor[37] >> 8u) & 255u) == 1u) {
        multiplier = channels[2u * channel];
        shift = channels[2u * channel + 1u];
    }
    let quotient = shift_right(add_wide(multiply(value, multiplier), half_of(shift)), shift);
    let moved = saturate(add_wide(quotient, wide_of(integer_at(132u))));
    return min(max(moved, integer_at(136u)), integer_at(140u));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let source = tensor_layout(0u, 4u);
    let element_bytes = select(4u, 1u, descriptor[0] >> 24u == INT8);
    let tensor = tensor_layout(OUTPUT_SHAPE, element_bytes);
    if (index >= words(tensor)) {
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 4u / element_bytes; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let column = byte % tensor.stride / element_bytes;
        if (row < tensor.rows && column < tensor.columns) {
            let value = x[row * (source.stride / 4u) + column];
            let scaled = requantise(value, column);
            result = insertBits(result, bitcast<u32>(scaled), 8u * lane, 8u * element_bytes);
        }
    }
    output[index] = result;
}
