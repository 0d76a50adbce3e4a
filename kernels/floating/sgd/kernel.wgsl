@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4<f32>>;

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
    let old = weights[at];
    let slope = gradient[at] + parameters.weight_decay * old;
    let speed = parameters.momentum * velocity[at] + slope;
    velocity[at] = speed;
    weights[at] = old - parameters.learning_rate * speed;
}
