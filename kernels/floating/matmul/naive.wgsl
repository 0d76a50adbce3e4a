struct Parameters { m: u32, k: u32, n: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> a: array<element>;
@group(0) @binding(2) var<storage, read> b: array<element>;
@group(0) @binding(3) var<storage, read_write> output: array<element>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    let row = at / parameters.n;
    let column = at % parameters.n;
    if row >= parameters.m {
        return;
    }
    let a_stride = (parameters.k + 3u) / 4u * 4u;
    let b_stride = (parameters.n + 3u) / 4u * 4u;
    var sum = 0.0;
    for (var k = 0u; k < parameters.k; k++) {
        sum += f32(a[row * a_stride + k]) * f32(b[k * b_stride + column]);
    }
    output[row * b_stride + column] = element(sum);
}
