@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> first: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> second: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * WORKGROUP + lane;
    if at >= (parameters.n + 3u) / 4u {
        return;
    }
    let p = parameters;
    let slope = gradient[at];
    let mean = mix(slope, first[at], p.beta1);
    let squares = mix(slope * slope, second[at], p.beta2);
    first[at] = mean;
    second[at] = squares;
    let step = mean / p.correction1 / (sqrt(squares / p.correction2) + p.epsilon);
    weights[at] -= p.learning_rate * (p.weight_decay * weights[at] + step);
}
