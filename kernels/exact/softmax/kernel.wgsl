@group(0) @binding(2) var<storage, read> x: array<u32>;

var<workgroup> shared_values: array<u32, 64>;

fn element(row: u32, column: u32, source: Layout) -> i32 {
    if (field_dtype_in() != INT8) {
        return bitcast<i32>(x[row * (source.stride / 4u) + column]);
    }
    let byte = row * source.stride + column;
    return byte_of(x[byte / 4u], byte % 4u);
}

// 65,536 * 2^-d, where d is the scaled distance from the row's largest element.
fn power(value: i32, largest: i32) -> u32 {
    let distance = bitcast<u32>(largest) - bitcast<u32>(value);
    let scaled = shift_right(multiply_unsigned(distance, u32(field_multiplier())), field_shift());
    let exponent = select(32767u, min(scaled.low, 32767u), scaled.high == 0u);
    let f = exponent % 1024u;
    let cubic = 15200u - ((f * 2632u) >> 10u);
    let fraction = 65536u - ((f * (45341u - ((f * cubic) >> 10u))) >> 10u);
    return fraction >> (exponent / 1024u);
}

// The largest of the columns first, first + step, ...
fn largest_of(row: u32, source: Layout, first: u32, step: u32) -> i32 {
    var largest = -2147483647 - 1;
    for (var column = first; column < source.columns; column += step) {
        largest = max(largest, element(row, column, source));
    }
    return largest;
}

fn total_of(row: u32, source: Layout, largest: i32, first: u32, step: u32) -> u32 {
    var total = 0u;
    for (var column = first; column < source.columns; column += step) {
        total += power(element(row, column, source), largest);
    }
    return total;
}

fn part(value: i32, largest: i32, total: u32) -> u32 {
    return min((256u * power(value, largest) + total / 2u) / total, 255u) - 128u;
}

// Rows of one or two bytes share a word, and one invocation writes all of it.
fn short_rows(word: u32, source: Layout, tensor: Layout) {
    var result = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let row = (4u * word + lane) / tensor.stride;
        let column = lane % tensor.stride;
        if (row < tensor.rows && column < tensor.columns) {
            let largest = largest_of(row, source, 0u, 1u);
            let total = total_of(row, source, largest, 0u, 1u);
            let found = part(element(row, column, source), largest, total);
            result = insertBits(result, found, 8u * lane, 8u);
        }
    }
    output[word] = result;
}

fn whole_row(row: u32, source: Layout, tensor: Layout) {
    let largest = largest_of(row, source, 0u, 1u);
    let total = total_of(row, source, largest, 0u, 1u);
    for (var word = 0u; word < tensor.stride / 4u; word++) {
        write_word(row, word, source, tensor, largest, total);
    }
}

fn write_word(row: u32, word: u32, source: Layout, tensor: Layout, largest: i32, total: u32) {
    var result = 0u;
    for (var byte = 0u; byte < 4u; byte++) {
        let column = 4u * word + byte;
        if (column < tensor.columns) {
            let found = part(element(row, column, source), largest, total);
            result = insertBits(result, found, 8u * byte, 8u);
        }
    }
    output[row * (tensor.stride / 4u) + word] = result;
}

// Every invocation reaches every barrier; those past the last row repeat it and store nothing.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let source = tensor_layout(0u, select(4u, 1u, field_dtype_in() == INT8));
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    let index = invocation(group, groups, local);
    if (tensor.stride < 4u) {
        if (index < words(tensor)) {
            short_rows(index, source, tensor);
        }
        return;
    }
    if (ALONE) {
        if (index < tensor.rows) {
            whole_row(index, source, tensor);
        }
        return;
    }
    let lanes = team_lanes(tensor.columns);
    let lane = index % lanes;
    let team = local - lane;
    let row = min(index / lanes, tensor.rows - 1u);
    shared_values[local] = bitcast<u32>(largest_of(row, source, lane, lanes));
    workgroupBarrier();
    var largest = bitcast<i32>(shared_values[team]);
    for (var at = 1u; at < lanes; at++) {
        largest = max(largest, bitcast<i32>(shared_values[team + at]));
    }
    workgroupBarrier();
    shared_values[local] = total_of(row, source, largest, lane, lanes);
    workgroupBarrier();
    if (index / lanes >= tensor.rows) {
        return;
    }
    var total = 0u;
    for (var at = 0u; at < lanes; at++) {
        total += shared_values[team + at];
    }
    for (var word = lane; word < tensor.stride / 4u; word += lanes) {
        write_word(row, word, source, tensor, largest, total);
    }
}
