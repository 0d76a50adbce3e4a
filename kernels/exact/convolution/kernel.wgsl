@group(0) @binding(2) var<storage, read> x: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<u32>;

const ONES = 0x01010101u;

// Image and top left tap of an output pixel; pixels past the last repeat it and are not stored.
fn corner(pixel: u32, rows: u32) -> vec3<i32> {
    let size = vec4<i32>(shape(OUTPUT_SHAPE));
    let at = i32(min(pixel, rows - 1u));
    let place = vec2(at / size.z % size.y, at % size.z);
    return vec3(at / (size.y * size.z), place * pair(108u) - pair(116u));
}

// Where a tap's row of channels starts; index 0xffffffff stands for a tap in the padding.
fn tap(start: vec3<i32>, step: vec2<i32>, stride: u32) -> RowWord {
    let size = vec4<i32>(shape(0u));
    let at = start.yz + step;
    if (any(at < vec2(0)) || any(at >= size.yz)) {
        return RowWord(0xffffffffu, 0u, 0u);
    }
    return row_word(u32((start.x * size.y + at.x) * size.z + at.y), stride);
}

fn load(row: RowWord, word: u32, padding: u32) -> u32 {
    if (row.index == 0xffffffffu) {
        return padding;
    }
    return (x[row.index + word] >> row.shift) & row.mask;
}

// Four pixels by four output channels an invocation. The sum of (x - zero point) * w is taken as
// the sum of x * w minus the zero point times the sum of w; padding taps hold the pad value.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let source = tensor_layout(0u, 1u);
    let filters = tensor_layout(1u, 1u);
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    let row_words = tensor.stride / 4u;
    let tiles = (row_words + 3u) / 4u;
    let index = invocation(group, groups, local);
    let pixel = index / tiles * 4u;
    let channel = index % tiles * 4u;
    if (pixel >= tensor.rows) {
        return;
    }
    let kernel = pair(104u);
    let dilation = pair(112u);
    let taps = u32(kernel.x * kernel.y);
    let padding = (descriptor[31] & 255u) * ONES;
    let steps = (source.columns + 3u) / 4u;
    let last = tensor.columns - 1u;
    let filter0 = min(channel, last) * taps;
    let filter1 = min(channel + 1u, last) * taps;
    let filter2 = min(channel + 2u, last) * taps;
    let filter3 = min(channel + 3u, last) * taps;
    let corner0 = corner(pixel, tensor.rows);
    let corner1 = corner(pixel + 1u, tensor.rows);
    let corner2 = corner(pixel + 2u, tensor.rows);
    let corner3 = corner(pixel + 3u, tensor.rows);
    var sum0 = vec4(0);
    var sum1 = vec4(0);
    var sum2 = vec4(0);
    var sum3 = vec4(0);
    var total = vec4(0);
    for (var at = 0u; at < taps; at++) {
        let step = vec2(i32(at) / kernel.y, i32(at) % kernel.y) * dilation;
        let x0 = tap(corner0, step, source.stride);
        let x1 = tap(corner1, step, source.stride);
        let x2 = tap(corner2, step, source.stride);
        let x3 = tap(corner3, step, source.stride);
        let w0 = row_word(filter0 + at, filters.stride);
        let w1 = row_word(filter1 + at, filters.stride);
        let w2 = row_word(filter2 + at, filters.stride);
        let w3 = row_word(filter3 + at, filters.stride);
        for (var word = 0u; word < steps; word++) {
            let v0 = (weights[w0.index + word] >> w0.shift) & w0.mask;
            let v1 = (weights[w1.index + word] >> w1.shift) & w1.mask;
            let v2 = (weights[w2.index + word] >> w2.shift) & w2.mask;
            let v3 = (weights[w3.index + word] >> w3.shift) & w3.mask;
            sum0 += products(load(x0, word, padding), v0, v1, v2, v3);
            sum1 += products(load(x1, word, padding), v0, v1, v2, v3);
            sum2 += products(load(x2, word, padding), v0, v1, v2, v3);
            sum3 += products(load(x3, word, padding), v0, v1, v2, v3);
            total += products(ONES, v0, v1, v2, v3);
        }
    }
    let start = starting_sums(channel, tensor.columns) - integer_at(128u) * total;
    let kept = vec4(channel, channel + 1u, channel + 2u, channel + 3u) < vec4(tensor.columns);
    store(pixel, channel, row_words, tensor.rows, select(vec4(0), start + sum0, kept));
    store(pixel + 1u, channel, row_words, tensor.rows, select(vec4(0), start + sum1, kept));
    store(pixel + 2u, channel, row_words, tensor.rows, select(vec4(0), start + sum2, kept));
    store(pixel + 3u, channel, row_words, tensor.rows, select(vec4(0), start + sum3, kept));
}
