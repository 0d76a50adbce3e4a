struct Parameters { rows: u32, inverse: u32, n: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec2<f32>>;

// The sum that defines the transform; one invocation per element.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let n = parameters.n;
    let index = (group.y * groups.x + group.x) * 64u + lane;
    let row = index / n;
    let frequency = index % n;
    if row >= parameters.rows {
        return;
    }
    let start = row * ((n + 3u) / 4u * 4u);
    let sign = select(-1.0, 1.0, parameters.inverse == 1u);
    var sum = vec2(0.0);
    for (var at = 0u; at < n; at++) {
        let angle = sign * 6.283185307179586 * f32(at * frequency % n) / f32(n);
        let value = x[start + at];
        let turn = vec2(cos(angle), sin(angle));
        sum += vec2(value.x * turn.x - value.y * turn.y, value.x * turn.y + value.y * turn.x);
    }
    output[start + frequency] = sum * select(1.0, 1.0 / f32(n), parameters.inverse == 1u);
}
