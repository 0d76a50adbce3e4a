struct Parameters { m: u32, k: u32, n: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> a: array<element4>;
@group(0) @binding(2) var<storage, read> b: array<element4>;
@group(0) @binding(3) var<storage, read_write> output: array<element4>;

const ROWS = 4u;
const LANES_X: u32 = WORKGROUP / LANES_Y;

// Four rows by eight columns an invocation, straight from the buffers.
@compute @workgroup_size(LANES_X, LANES_Y)
fn direct(@builtin(global_invocation_id) at: vec3<u32>) {
    let a_stride = (parameters.k + 3u) / 4u;
    let b_stride = (parameters.n + 3u) / 4u;
    let row = at.y * 4u;
    let column = at.x * 2u;
    if row >= parameters.m || column >= b_stride {
        return;
    }
    let last = parameters.m - 1u;
    let a0 = row * a_stride;
    let a1 = min(row + 1u, last) * a_stride;
    let a2 = min(row + 2u, last) * a_stride;
    let a3 = min(row + 3u, last) * a_stride;
    let next = min(column + 1u, b_stride - 1u);
    var s00 = vec4<f32>();
    var s01 = vec4<f32>();
    var s10 = vec4<f32>();
    var s11 = vec4<f32>();
    var s20 = vec4<f32>();
    var s21 = vec4<f32>();
    var s30 = vec4<f32>();
    var s31 = vec4<f32>();
    for (var step = 0u; step < a_stride; step++) {
        let x0 = vec4<f32>(a[a0 + step]);
        let x1 = vec4<f32>(a[a1 + step]);
        let x2 = vec4<f32>(a[a2 + step]);
        let x3 = vec4<f32>(a[a3 + step]);
        let base = step * 4u * b_stride;
        let k0 = vec4<f32>(b[base + column]);
        let l0 = vec4<f32>(b[base + next]);
        let k1 = vec4<f32>(b[base + b_stride + column]);
        let l1 = vec4<f32>(b[base + b_stride + next]);
        let k2 = vec4<f32>(b[base + 2u * b_stride + column]);
        let l2 = vec4<f32>(b[base + 2u * b_stride + next]);
        let k3 = vec4<f32>(b[base + 3u * b_stride + column]);
        let l3 = vec4<f32>(b[base + 3u * b_stride + next]);
        s00 += x0.x * k0 + x0.y * k1 + x0.z * k2 + x0.w * k3;
        s01 += x0.x * l0 + x0.y * l1 + x0.z * l2 + x0.w * l3;
        s10 += x1.x * k0 + x1.y * k1 + x1.z * k2 + x1.w * k3;
        s11 += x1.x * l0 + x1.y * l1 + x1.z * l2 + x1.w * l3;
        s20 += x2.x * k0 + x2.y * k1 + x2.z * k2 + x2.w * k3;
        s21 += x2.x * l0 + x2.y * l1 + x2.z * l2 + x2.w * l3;
        s30 += x3.x * k0 + x3.y * k1 + x3.z * k2 + x3.w * k3;
        s31 += x3.x * l0 + x3.y * l1 + x3.z * l2 + x3.w * l3;
    }
    output[a0 / a_stride * b_stride + column] = element4(s00);
    output[a0 / a_stride * b_stride + next] = element4(s01);
    if (row + 1u <= last) { output[(row+1u) * b_stride + column] = element4(s10); output[(row+1u) * b_stride + next] = element4(s11); }
    if (row + 2u <= last) { output[(row+2u) * b_stride + column] = element4(s20); output[(row+2u) * b_stride + next] = element4(s21); }
    if (row + 3u <= last) { output[(row+3u) * b_stride + column] = element4(s30); output[(row+3u) * b_stride + next] = element4(s31); }
}
