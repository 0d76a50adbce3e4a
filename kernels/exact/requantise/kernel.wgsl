@group(0) @binding(2) var<storage, read> x: array<i32>;
@group(0) @binding(3) var<storage, read> channels: array<u32>;

// WGSL has no i64: a pair of 32-bit limbs in two's complement.
struct Wide {
    low: u32,
    high: u32,
}

fn add_wide(a: Wide, b: Wide) -> Wide {
    let low = a.low + b.low;
    return Wide(low, a.high + b.high + select(0u, 1u, low < a.low));
}

fn multiply(value: i32, multiplier: u32) -> Wide {
    // Of -2^31 the magnitude is 2^31, which the unsigned negation gives.
    let bits = bitcast<u32>(value);
    let magnitude = select(bits, 0u - bits, value < 0);
    let a = vec2(magnitude & 0xffffu, magnitude >> 16u);
    let b = vec2(multiplier & 0xffffu, multiplier >> 16u);
    let outer = Wide(a.x * b.x, a.y * b.y);
    let first = a.x * b.y;
    let second = a.y * b.x;
    let product = add_wide(
        add_wide(outer, Wide(first << 16u, first >> 16u)),
        Wide(second << 16u, second >> 16u),
    );
    if (value >= 0) {
        return product;
    }
    return add_wide(Wide(~product.low, ~product.high), Wide(1u, 0u));
}

fn shift_right(value: Wide, shift: u32) -> Wide {
    let high = bitcast<i32>(value.high);
    if (shift >= 32u) {
        return Wide(bitcast<u32>(high >> (shift - 32u)), bitcast<u32>(high >> 31u));
    }
    let low = (value.low >> shift) | (value.high << (32u - shift));
    return Wide(low, bitcast<u32>(high >> shift));
}

// Beyond 1,024 the zero point cannot bring a value back into int8.
fn saturate(value: Wide) -> i32 {
    let low = bitcast<i32>(value.low);
    if (bitcast<i32>(value.high) != low >> 31u) {
        return select(1024, -1024, bitcast<i32>(value.high) < 0);
    }
    return clamp(low, -1024, 1024);
}

fn requantise(value: i32, channel: u32) -> i32 {
    var multiplier = descriptor[36];
    var shift = descriptor[37] & 255u;
    if (((descriptor[37] >> 8u) & 255u) == 1u) {
        multiplier = channels[2u * channel];
        shift = channels[2u * channel + 1u];
    }
    let half = shift - 1u;
    let rounding = Wide(
        select(0u, 1u << (half & 31u), half < 32u),
        select(1u << (half & 31u), 0u, half < 32u),
    );
    let quotient = shift_right(add_wide(multiply(value, multiplier), rounding), shift);
    return min(max(saturate(quotient) + integer_at(132u), integer_at(136u)), integer_at(140u));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let source = tensor_layout(0u, 4u);
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    if (index >= words(tensor)) {
        return;
    }
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let column = byte % tensor.stride;
        if (row < tensor.rows && column < tensor.columns) {
            let value = x[row * (source.stride / 4u) + column];
            let scaled = requantise(value, column);
            result = insertBits(result, bitcast<u32>(scaled), 8u * lane, 8u);
        }
    }
    output[index] = result;
}
