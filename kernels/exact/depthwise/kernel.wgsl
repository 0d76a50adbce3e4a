@group(0) @binding(2) var<storage, read> x: array<u32>;
@group(0) @binding(3) var<storage, read> weights: array<u32>;

// Four channels of the pixel under a tap, or the pad value outside the image.
fn met(pixel: u32, step: vec2<i32>, channel: u32, stride: u32) -> vec4<i32> {
    let size = vec4<i32>(shape(0u));
    let result = vec4<i32>(shape(OUTPUT_SHAPE));
    let at = i32(pixel);
    let place = vec2(at / result.z % result.y, at % result.z);
    let tap = place * field_stride() - field_padding_before() + step;
    if (any(tap < vec2(0)) || any(tap >= size.yz)) {
        return vec4(field_pad_value());
    }
    let image = at / (result.y * result.z);
    let row = row_word(u32((image * size.y + tap.x) * size.z + tap.y), stride);
    let word = x[row.index + channel / 4u] >> row.shift;
    return vec4(byte_of(word, 0u), byte_of(word, 1u), byte_of(word, 2u), byte_of(word, 3u));
}

fn weight(channel: u32, at: u32, taps: u32, columns: u32) -> i32 {
    let byte = min(channel, columns - 1u) * taps + at;
    return byte_of(weights[byte / 4u], byte % 4u);
}

// An invocation computes four pixels by four channels: a word of the input holds four channels.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let source = tensor_layout(0u, 1u);
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    let tiles = (written_columns(tensor) + 3u) / 4u;
    let index = invocation(group, groups, local);
    let pixel = index / tiles * 4u;
    let channel = index % tiles * 4u;
    if (pixel >= tensor.rows) {
        return;
    }
    let kernel = field_kernel();
    let taps = u32(kernel.x * kernel.y);
    let zero_point = field_zero_point_in();
    let last = tensor.rows - 1u;
    let columns = tensor.columns;
    var sums: array<vec4<i32>, 4>;
    for (var at = 0u; at < taps; at++) {
        let step = vec2(i32(at) / kernel.y, i32(at) % kernel.y) * field_dilation();
        let filters = vec4(
            weight(channel, at, taps, columns),
            weight(channel + 1u, at, taps, columns),
            weight(channel + 2u, at, taps, columns),
            weight(channel + 3u, at, taps, columns),
        );
        for (var p = 0u; p < 4u; p++) {
            let values = met(min(pixel + p, last), step, channel, source.stride);
            sums[p] += (values - zero_point) * filters;
        }
    }
    let start = starting_sums(channel, columns);
    for (var p = 0u; p < 4u; p++) {
        sums[p] += start;
    }
    store(pixel, channel, tensor, sums);
}
