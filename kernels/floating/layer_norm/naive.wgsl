struct Parameters { rows: u32, columns: u32, epsilon: f32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element>;
@group(0) @binding(2) var<storage, read> gamma: array<element>;
@group(0) @binding(3) var<storage, read> beta: array<element>;
@group(0) @binding(4) var<storage, read_write> output: array<element>;

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
    var mean = 0.0;
    for (var column = 0u; column < parameters.columns; column++) {
        mean += f32(x[start + column]);
    }
    mean /= f32(parameters.columns);
    var squares = 0.0;
    for (var column = 0u; column < parameters.columns; column++) {
        let distance = f32(x[start + column]) - mean;
        squares += distance * distance;
    }
    let scale = 1.0 / sqrt(squares / f32(parameters.columns) + parameters.epsilon);
    for (var column = 0u; column < parameters.columns; column++) {
        let normal = (f32(x[start + column]) - mean) * scale;
        output[start + column] = element(normal * f32(gamma[column]) + f32(beta[column]));
    }
}
