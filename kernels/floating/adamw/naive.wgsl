@group(0) @binding(1) var<storage, read_write> weights: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> first: array<f32>;
@group(0) @binding(4) var<storage, read_write> second: array<f32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.y * groups.x + group.x) * 64u + lane;
    if at >= parameters.n {
        return;
    }
    first[at] = parameters.beta1 * first[at] + (1.0 - parameters.beta1) * gradient[at];
    second[at] = parameters.beta2 * second[at]
        + (1.0 - parameters.beta2) * gradient[at] * gradient[at];
    weights[at] -= parameters.learning_rate * parameters.weight_decay * weights[at];
    weights[at] -= parameters.learning_rate * (first[at] / parameters.correction1)
        / (sqrt(second[at] / parameters.correction2) + parameters.epsilon);
}
