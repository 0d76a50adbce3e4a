struct Parameters { rows: u32, columns: u32, epsilon: f32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read> gamma: array<element4>;
@group(0) @binding(3) var<storage, read> beta: array<element4>;
@group(0) @binding(4) var<storage, read_write> output: array<element4>;

// The number of values, their mean, and the sum of squared distances from it.
struct Moments {
    count: f32,
    mean: f32,
    squares: f32,
}

var<workgroup> gathered: array<Moments, WORKGROUP>;

// Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample
// variances": no cancellation occurs, whatever the mean.
fn merge(a: Moments, b: Moments) -> Moments {
    let count = a.count + b.count;
    if count == 0.0 {
        return a;
    }
    let distance = b.mean - a.mean;
    return Moments(
        count,
        a.mean + distance * (b.count / count),
        a.squares + b.squares + distance * distance * (a.count * b.count / count),
    );
}

// LANES invocations per row.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * (WORKGROUP / LANES) + lane / LANES;
    let stride = (parameters.columns + 3u) / 4u;
    let start = row * stride;
    let end = select(0u, stride, row < parameters.rows);
    var own = Moments(0.0, 0.0, 0.0);
    for (var at = lane % LANES; at < end; at += LANES) {
        let count = f32(min(parameters.columns - 4u * at, 4u));
        let value = vec4<f32>(x[start + at]);
        // Padding is zero.
        let mean = dot(value, vec4(1.0)) / count;
        let distance = select(vec4(0.0), value - mean, vec4(0.0, 1.0, 2.0, 3.0) < vec4(count));
        own = merge(own, Moments(count, mean, dot(distance, distance)));
    }
    gathered[lane] = own;
    workgroupBarrier();
    let first = lane / LANES * LANES;
    var all = gathered[first];
    for (var other = first + 1u; other < first + LANES; other++) {
        all = merge(all, gathered[other]);
    }
    let scale = inverseSqrt(all.squares / max(all.count, 1.0) + parameters.epsilon);
    for (var at = lane % LANES; at < end; at += LANES) {
        let normal = (vec4<f32>(x[start + at]) - all.mean) * scale;
        output[start + at] = element4(normal * vec4<f32>(gamma[at]) + vec4<f32>(beta[at]));
    }
}
