struct Parameters { heads: u32, queries: u32, keys: u32, width: u32, causal: u32, scale: f32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> q: array<element>;
@group(0) @binding(2) var<storage, read> k: array<element>;
@group(0) @binding(3) var<storage, read> v: array<element>;
@group(0) @binding(4) var<storage, read_write> output: array<element>;

fn score(query: u32, key: u32) -> f32 {
    var sum = 0.0;
    for (var i = 0u; i < parameters.width; i++) {
        sum += f32(q[query + i]) * f32(k[key + i]);
    }
    return sum * parameters.scale;
}

// One invocation per query row.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = (group.y * groups.x + group.x) * 64u + lane;
    let head = row / parameters.queries;
    if head >= parameters.heads {
        return;
    }
    let stride = (parameters.width + 3u) / 4u * 4u;
    let first = head * parameters.keys * stride;
    var keys = parameters.keys;
    if parameters.causal == 1u {
        keys = min(keys, row % parameters.queries + 1u);
    }
    var peak = score(row * stride, first);
    for (var key = 1u; key < keys; key++) {
        peak = max(peak, score(row * stride, first + key * stride));
    }
    var sum = 0.0;
    var mixed: array<f32, 128>;
    for (var key = 0u; key < keys; key++) {
        let weight = exp(score(row * stride, first + key * stride) - peak);
        sum += weight;
        for (var i = 0u; i < parameters.width; i++) {
            mixed[i] += weight * f32(v[first + key * stride + i]);
        }
    }
    for (var i = 0u; i < parameters.width; i++) {
        output[row * stride + i] = element(mixed[i] / sum);
    }
}
