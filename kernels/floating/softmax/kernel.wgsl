struct Parameters { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read_write> output: array<element4>;

const LOWEST = -0x1.fffffep+127;
const LOG2_E = 1.4426950408889634;

struct Row {
    // The invocation's first vector, and the row's vectors [start, end).
    first: u32,
    start: u32,
    end: u32,
}

fn row_of(group: vec3<u32>, groups: vec3<u32>, lane: u32) -> Row {
    let row = (group.y * groups.x + group.x) * (WORKGROUP / LANES) + lane / LANES;
    let stride = (parameters.columns + 3u) / 4u;
    let start = min(row, parameters.rows) * stride;
    return Row(start + lane % LANES, start, select(start, start + stride, row < parameters.rows));
}

// Scaled by log2(e), so that exp2 of a difference is the weight.
fn exponents(row: Row, at: u32) -> vec4<f32> {
    if at >= row.end {
        return vec4(LOWEST);
    }
    let column = 4u * (at - row.start) + vec4(0u, 1u, 2u, 3u);
    return select(vec4(LOWEST), LOG2_E * vec4<f32>(x[at]), column < vec4(parameters.columns));
}

fn highest(v: vec4<f32>) -> f32 {
    return max(max(v.x, v.y), max(v.z, v.w));
}

fn load(row: Row, block: u32) -> mat4x4<f32> {
    let at = row.first + 4u * block * LANES;
    return mat4x4(
        whole_exponents(row, at),
        whole_exponents(row, at + LANES),
        whole_exponents(row, at + 2u * LANES),
        whole_exponents(row, at + 3u * LANES),
    );
}

fn whole_exponents(row: Row, at: u32) -> vec4<f32> {
    return select(vec4(LOWEST), LOG2_E * vec4<f32>(x[at]), at < row.end);
}

fn highest_of(a: mat4x4<f32>) -> vec4<f32> {
    return max(max(a[0], a[1]), max(a[2], a[3]));
}

fn weights(a: mat4x4<f32>, peak: f32) -> mat4x4<f32> {
    return mat4x4(exp2(a[0] - peak), exp2(a[1] - peak), exp2(a[2] - peak), exp2(a[3] - peak));
}

fn store(row: Row, block: u32, values: mat4x4<f32>) {
    let at = row.first + 4u * block * LANES;
    if at < row.end {
        output[at] = element4(values[0]);
    }
    if at + LANES < row.end {
        output[at + LANES] = element4(values[1]);
    }
    if at + 2u * LANES < row.end {
        output[at + 2u * LANES] = element4(values[2]);
    }
    if at + 3u * LANES < row.end {
        output[at + 3u * LANES] = element4(values[3]);
    }
}

// Rows of up to 128 · LANES elements, a multiple of four, stay in registers: x is read once and
// each weight computed once. The code is unrolled because some drivers put an array with a loop
// index into memory.
@compute @workgroup_size(WORKGROUP)
fn held(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = row_of(group, groups, lane);
    let a = load(row, 0u);
    let b = load(row, 1u);
    let c = load(row, 2u);
    let d = load(row, 3u);
    let e = load(row, 4u);
    let f = load(row, 5u);
    let g = load(row, 6u);
    let h = load(row, 7u);
    let low = max(max(highest_of(a), highest_of(b)), max(highest_of(c), highest_of(d)));
    let high = max(max(highest_of(e), highest_of(f)), max(highest_of(g), highest_of(h)));
    let peak = largest(lane, highest(max(low, high)));
    let p = weights(a, peak);
    let q = weights(b, peak);
    let r = weights(c, peak);
    let s = weights(d, peak);
    let t = weights(e, peak);
    let u = weights(f, peak);
    let v = weights(g, peak);
    let w = weights(h, peak);
    let added = (((p + q) + (r + s)) + ((t + u) + (v + w))) * vec4(1.0);
    let scale = 1.0 / total(lane, dot(added, vec4(1.0)));
    store(row, 0u, p * scale);
    store(row, 1u, q * scale);
    store(row, 2u, r * scale);
    store(row, 3u, s * scale);
    store(row, 4u, t * scale);
    store(row, 5u, u * scale);
    store(row, 6u, v * scale);
    store(row, 7u, w * scale);
}

// Handles rows of any length with a running maximum and the sum of weights relative to it (Milakov
// and Gimelshein 2018, "Online normalizer calculation for softmax"), so that x is read twice
// instead of three times.
@compute @workgroup_size(WORKGROUP)
fn online(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = row_of(group, groups, lane);
    var peak = LOWEST;
    var sum = 0.0;
    for (var at = row.first; at < row.end; at += LANES) {
        let value = exponents(row, at);
        let top = max(highest(value), peak);
        sum = sum * exp2(peak - top) + dot(exp2(value - top), vec4(1.0));
        peak = top;
    }
    let top = largest(lane, peak);
    let scale = 1.0 / total(lane, sum * exp2(peak - top));
    for (var at = row.first; at < row.end; at += LANES) {
        output[at] = element4(exp2(exponents(row, at) - top) * scale);
    }
}
