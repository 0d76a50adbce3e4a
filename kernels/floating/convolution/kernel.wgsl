@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read> weights: array<element4>;
@group(0) @binding(3) var<storage, read> bias: array<element4>;
@group(0) @binding(4) var<storage, read_write> output: array<element4>;

fn pixels() -> u32 {
    return parameters.images * parameters.output_height * parameters.output_width;
}

struct Tap {
    at: u32,
    inside: bool,
}

fn tap(pixel: u32, ky: u32, kx: u32) -> Tap {
    let row = pixel / parameters.output_width;
    let image = row / parameters.output_height;
    let y = tap_y(row % parameters.output_height, ky);
    let column = tap_x(pixel % parameters.output_width, kx);
    if !inside(y, column) {
        return Tap(0u, false);
    }
    let place = (image * parameters.height + u32(y)) * parameters.width + u32(column);
    return Tap(place * ((parameters.channels + 3u) / 4u), true);
}

fn taken(tap: Tap, step: u32) -> vec4<f32> {
    return select(vec4(0.0), vec4<f32>(x[tap.at + step]), tap.inside);
}

fn store(pixel: u32, vector: u32, values: vec4<f32>) {
    let stride = (parameters.filters + 3u) / 4u;
    if pixel < pixels() && vector < stride {
        output[pixel * stride + vector] = element4(values + vec4<f32>(bias[vector]));
    }
}

// One invocation computes four pixels by eight filters: twelve loads feed thirty-two products of
// four.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = (group.y * groups.x + group.x) * WORKGROUP + lane;
    let across = (parameters.filters + 7u) / 8u;
    let pixel = index / across * 4u;
    let filter0 = index % across * 8u;
    if pixel >= pixels() {
        return;
    }
    let last = pixels() - 1u;
    let depth = (parameters.channels + 3u) / 4u;
    let taps = parameters.kernel_height * parameters.kernel_width;
    let most = vec4(parameters.filters - 1u);
    let lower = min(vec4(filter0) + vec4(0u, 1u, 2u, 3u), most) * taps * depth;
    let upper = min(vec4(filter0) + vec4(4u, 5u, 6u, 7u), most) * taps * depth;
    var first = mat4x4<f32>();
    var second = mat4x4<f32>();
    for (var place = 0u; place < taps; place++) {
        let ky = place / parameters.kernel_width;
        let kx = place % parameters.kernel_width;
        let tap0 = tap(pixel, ky, kx);
        let tap1 = tap(min(pixel + 1u, last), ky, kx);
        let tap2 = tap(min(pixel + 2u, last), ky, kx);
        let tap3 = tap(min(pixel + 3u, last), ky, kx);
        for (var step = 0u; step < depth; step++) {
            let x0 = taken(tap0, step);
            let x1 = taken(tap1, step);
            let x2 = taken(tap2, step);
            let x3 = taken(tap3, step);
            let a = filters(lower + place * depth + step);
            first += mat4x4(x0 * a, x1 * a, x2 * a, x3 * a);
            let b = filters(upper + place * depth + step);
            second += mat4x4(x0 * b, x1 * b, x2 * b, x3 * b);
        }
    }
    store(pixel, filter0 / 4u, first[0]);
    store(pixel + 1u, filter0 / 4u, first[1]);
    store(pixel + 2u, filter0 / 4u, first[2]);
    store(pixel + 3u, filter0 / 4u, first[3]);
    store(pixel, filter0 / 4u + 1u, second[0]);
    store(pixel + 1u, filter0 / 4u + 1u, second[1]);
    store(pixel + 2u, filter0 / 4u + 1u, second[2]);
    store(pixel + 3u, filter0 / 4u + 1u, second[3]);
}

fn filters(at: vec4<u32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        vec4<f32>(weights[at.x]),
        vec4<f32>(weights[at.y]),
        vec4<f32>(weights[at.z]),
        vec4<f32>(weights[at.w]),
    );
}
