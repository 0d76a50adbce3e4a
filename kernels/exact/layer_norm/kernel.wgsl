@group(0) @binding(2) var<storage, read> x: array<i32>;
@group(0) @binding(3) var<storage, read> channels: array<i32>;

var<workgroup> sums: array<i32, 64>;
var<workgroup> squares: array<Wide, 64>;
var<workgroup> inverses: array<u32, 64>;

fn cut(value: i32) -> i32 {
    return clamp(value, -32768, 32767);
}

fn floor_divide(value: i32, divisor: i32) -> i32 {
    let quotient = value / divisor;
    return quotient - select(0, 1, value % divisor < 0);
}

fn at_most(a: Wide, b: Wide) -> bool {
    return a.high < b.high || (a.high == b.high && a.low <= b.low);
}

// Floor of the square root of a value below 2^60.
fn root(value: Wide) -> u32 {
    var found = 0u;
    for (var bit = 1u << 29u; bit > 0u; bit >>= 1u) {
        let candidate = found | bit;
        if (at_most(multiply_unsigned(candidate, candidate), value)) {
            found = candidate;
        }
    }
    return found;
}

// Floor of 2^39 over a divisor of 256 to 2^30.
fn inverse_of(divisor: u32) -> u32 {
    var remainder = 256u % divisor;
    var quotient = 256u / divisor;
    for (var step = 0u; step < 31u; step++) {
        remainder <<= 1u;
        quotient <<= 1u;
        if (remainder >= divisor) {
            remainder -= divisor;
            quotient |= 1u;
        }
    }
    return quotient;
}

fn inverse_root(total: Wide) -> u32 {
    if (total.low == 0u && total.high == 0u) {
        return 0u;
    }
    return inverse_of(root(Wide(total.low << 16u, (total.high << 16u) | (total.low >> 16u))));
}

fn normalised(distance: i32, scale: u32, channel: u32) -> u32 {
    let shift = field_shift();
    let raised = add_wide(multiply(distance, scale), Wide(1u << 10u, 0u));
    let normal = bitcast<i32>(shift_right(raised, 11u).low);
    let magnitude = multiply(channels[2u * channel], u32(abs(normal)));
    var product = magnitude;
    if (normal < 0) {
        product = negate(magnitude);
    }
    let scaled = shift_right(add_wide(product, half_of(shift)), shift);
    return scaled.low + bitcast<u32>(channels[2u * channel + 1u]);
}

fn whole_row(start: u32, tensor: Layout) {
    let columns = i32(tensor.columns);
    var sum = 0;
    for (var column = 0u; column < tensor.columns; column++) {
        sum += cut(x[start + column]);
    }
    let mean = floor_divide(sum + columns / 2, columns);
    var squared = Wide(0u, 0u);
    for (var column = 0u; column < tensor.columns; column++) {
        let distance = u32(abs(cut(x[start + column]) - mean));
        squared = add_wide(squared, Wide(distance * distance, 0u));
    }
    write_words(start, tensor, mean, inverse_root(squared), 0u, 1u);
}

fn write_words(start: u32, tensor: Layout, mean: i32, inverse: u32, first: u32, step: u32) {
    for (var column = first; column < tensor.stride / 4u; column += step) {
        var result = 0u;
        if (column < tensor.columns) {
            result = normalised(cut(x[start + column]) - mean, inverse, column);
        }
        output[start + column] = result;
    }
}

// Every invocation reaches every barrier; those past the last row repeat it and store nothing.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    let index = invocation(group, groups, local);
    let row_words = tensor.stride / 4u;
    if (ALONE) {
        if (index < tensor.rows) {
            whole_row(index * row_words, tensor);
        }
        return;
    }
    let lanes = team_lanes(tensor.columns);
    let lane = index % lanes;
    let team = local - lane;
    let start = min(index / lanes, tensor.rows - 1u) * row_words;
    var sum = 0;
    for (var column = lane; column < tensor.columns; column += lanes) {
        sum += cut(x[start + column]);
    }
    sums[local] = sum;
    workgroupBarrier();
    sum = 0;
    for (var at = 0u; at < lanes; at++) {
        sum += sums[team + at];
    }
    let columns = i32(tensor.columns);
    let mean = floor_divide(sum + columns / 2, columns);
    var squared = Wide(0u, 0u);
    for (var column = lane; column < tensor.columns; column += lanes) {
        let distance = u32(abs(cut(x[start + column]) - mean));
        squared = add_wide(squared, Wide(distance * distance, 0u));
    }
    squares[local] = squared;
    workgroupBarrier();
    if (lane == 0u) {
        for (var at = 1u; at < lanes; at++) {
            squared = add_wide(squared, squares[team + at]);
        }
        inverses[team] = inverse_root(squared);
    }
    workgroupBarrier();
    if (index / lanes >= tensor.rows) {
        return;
    }
    write_words(start, tensor, mean, inverses[team], lane, lanes);
}
