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
    let start = row * ((parameters.columns + 3u) / 4u * 4u);
    var total = 0.0;
    for (var column = 0u; column < parameters.columns; column++) {
        total += f32(x[start + column]);
        output[start + column] = element(total);
    }
}
