// Scaled dot-product attention, softmax(Q Kᵀ / √d) V, one query row of one head a workgroup
// (Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1). The softmax subtracts the
// row's maximum, so that no exponential overflows.

const HEADS = 4u;
const TOKENS = 128u;
const WIDTH = 64u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

var<workgroup> query: array<f32, WIDTH>;
var<workgroup> weights: array<f32, TOKENS>;
var<workgroup> partial: array<f32, LANES>;

fn row(head: u32, token: u32) -> u32 {
    return (head * TOKENS + token) * WIDTH;
}

fn largest(lane: u32, own: f32) -> f32 {
    partial[lane] = own;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if lane < half {
            partial[lane] = max(partial[lane], partial[lane + half]);
        }
        workgroupBarrier();
    }
    let found = partial[0];
    workgroupBarrier();
    return found;
}

fn total(lane: u32, own: f32) -> f32 {
    partial[lane] = own;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if lane < half {
            partial[lane] += partial[lane + half];
        }
        workgroupBarrier();
    }
    let found = partial[0];
    workgroupBarrier();
    return found;
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let head = group.y;
    let own = row(head, group.x);
    query[lane] = q[own + lane] * inverseSqrt(f32(WIDTH));
    workgroupBarrier();

    var top = -3.4028235e38;
    for (var token = lane; token < TOKENS; token += LANES) {
        let at = row(head, token);
        var score = 0.0;
        for (var i = 0u; i < WIDTH; i++) {
            score = fma(query[i], k[at + i], score);
        }
        weights[token] = score;
        top = max(top, score);
    }
    let peak = largest(lane, top);

    var own_sum = 0.0;
    for (var token = lane; token < TOKENS; token += LANES) {
        let weight = exp(weights[token] - peak);
        weights[token] = weight;
        own_sum += weight;
    }
    let sum = total(lane, own_sum);

    var mixed = 0.0;
    for (var token = 0u; token < TOKENS; token++) {
        mixed = fma(weights[token], v[row(head, token) + lane], mixed);
    }
    output[own + lane] = mixed / sum;
}
