struct Parameters { rows: u32, columns: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element>;
@group(0) @binding(3) var<storage, read_write> output: array<element>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    if row >= parameters.rows {
        return;
    }
    let stride = (parameters.columns + 3u) / 4u * 4u;
    var found = vec4(f32(IDENTITY));
    for (var column = 0u; column < parameters.columns; column++) {
        found = combine(found, vec4(f32(x[row * stride + column])));
    }
    output[row] = element(found.x);
}
