struct Parameters { heads: u32, queries: u32, keys: u32, width: u32, causal: u32, scale: f32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> q: array<element4>;
@group(0) @binding(2) var<storage, read> k: array<element4>;
@group(0) @binding(3) var<storage, read> v: array<element4>;
@group(0) @binding(4) var<storage, read_write> output: array<element4>;

const LOWEST = -0x1.fffffep+127;
const LOG2_E = 1.4426950408889634;
// A workgroup takes TEAMS · 4 queries, and 64 keys at a time. Sixteen invocations form a team.
const TEAM = 16u;
const TEAMS: u32 = WORKGROUP / TEAM;
const KEYS = 64u;
const MOST_VECTORS = 32u;

// The columns are the team's four queries.
var<workgroup> query: array<mat4x4<f32>, TEAMS * MOST_VECTORS>;
var<workgroup> peaks: array<vec4<f32>, WORKGROUP>;
var<workgroup> weights: array<vec4<f32>, TEAMS * KEYS>;

fn width_vectors() -> u32 {
    return (parameters.width + 3u) / 4u;
}

fn key_row(head: u32, key: u32) -> u32 {
    return (head * parameters.keys + min(key, parameters.keys - 1u)) * width_vectors();
}

fn hidden(first_query: u32, key: u32) -> vec4<bool> {
    let later = vec4(key) > vec4(first_query) + vec4(0u, 1u, 2u, 3u);
    return (later & vec4(parameters.causal == 1u)) | vec4(key >= parameters.keys);
}

// softmax(Q Kᵀ · scale) V with the running maximum and sum of FlashAttention (Dao et al. 2022,
// algorithm 1), so scores never leave the workgroup.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = group.y * groups.x + group.x;
    let blocks = (parameters.queries + 4u * TEAMS - 1u) / (4u * TEAMS);
    let head = index / blocks;
    if head >= parameters.heads {
        return;
    }
    let team = lane / TEAM;
    let member = lane % TEAM;
    let first_query = (index % blocks * TEAMS + team) * 4u;
    let vectors = width_vectors();
    let last = parameters.queries - 1u;
    let rows = (vec4(head * parameters.queries)
        + min(vec4(first_query) + vec4(0u, 1u, 2u, 3u), vec4(last))) * vectors;
    for (var at = member; at < vectors; at += TEAM) {
        query[team * MOST_VECTORS + at] = parameters.scale * LOG2_E * mat4x4<f32>(
            vec4<f32>(q[rows.x + at]),
            vec4<f32>(q[rows.y + at]),
            vec4<f32>(q[rows.z + at]),
            vec4<f32>(q[rows.w + at]),
        );
    }
    workgroupBarrier();

    var peak = vec4(LOWEST);
    var sum = vec4(0.0);
    var low = mat4x4<f32>();
    var high = mat4x4<f32>();
    for (var start = 0u; start < parameters.keys; start += KEYS) {
        // This invocation takes the keys start + member + 0, 16, 32 and 48.
        let key0 = start + member;
        let row0 = key_row(head, key0);
        let row1 = key_row(head, key0 + TEAM);
        let row2 = key_row(head, key0 + 2u * TEAM);
        let row3 = key_row(head, key0 + 3u * TEAM);
        var scores = mat4x4<f32>();
        for (var at = 0u; at < vectors; at++) {
            let four = query[team * MOST_VECTORS + at];
            scores += mat4x4(
                vec4<f32>(k[row0 + at]) * four,
                vec4<f32>(k[row1 + at]) * four,
                vec4<f32>(k[row2 + at]) * four,
                vec4<f32>(k[row3 + at]) * four,
            );
        }
        let score0 = select(scores[0], vec4(LOWEST), hidden(first_query, key0));
        let score1 = select(scores[1], vec4(LOWEST), hidden(first_query, key0 + TEAM));
        let score2 = select(scores[2], vec4(LOWEST), hidden(first_query, key0 + 2u * TEAM));
        let score3 = select(scores[3], vec4(LOWEST), hidden(first_query, key0 + 3u * TEAM));
        peaks[lane] = max(max(score0, score1), max(score2, score3));
        workgroupBarrier();
        var top = peak;
        for (var other = team * TEAM; other < (team + 1u) * TEAM; other++) {
            top = max(top, peaks[other]);
        }
        let slot = team * KEYS + member;
        weights[slot] = exp2(score0 - top);
        weights[slot + TEAM] = exp2(score1 - top);
        weights[slot + 2u * TEAM] = exp2(score2 - top);
        weights[slot + 3u * TEAM] = exp2(score3 - top);
        workgroupBarrier();
        let fade = exp2(peak - top);
        peak = top;
        sum *= fade;
        low = faded(low, fade);
        high = faded(high, fade);
        for (var key = 0u; key < min(KEYS, parameters.keys - start); key++) {
            let weight = weights[team * KEYS + key];
            let row = key_row(head, start + key);
            sum += weight;
            low += spread(vec4<f32>(v[row + min(member, vectors - 1u)]), weight);
            if vectors > TEAM {
                high += spread(vec4<f32>(v[row + min(member + TEAM, vectors - 1u)]), weight);
            }
        }
    }
    let scale = 1.0 / sum;
    let result = faded(low, scale);
    let more = faded(high, scale);
    store(first_query, rows.x, member, result[0], more[0]);
    store(first_query + 1u, rows.y, member, result[1], more[1]);
    store(first_query + 2u, rows.z, member, result[2], more[2]);
    store(first_query + 3u, rows.w, member, result[3], more[3]);
}

// The columns are queries.
fn spread(value: vec4<f32>, weight: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(value * weight.x, value * weight.y, value * weight.z, value * weight.w);
}

fn faded(values: mat4x4<f32>, by: vec4<f32>) -> mat4x4<f32> {
    return mat4x4(values[0] * by.x, values[1] * by.y, values[2] * by.z, values[3] * by.w);
}

fn store(at: u32, row: u32, member: u32, low: vec4<f32>, high: vec4<f32>) {
    if at < parameters.queries {
        if member < width_vectors() {
            output[row + member] = element4(low);
        }
        if member + TEAM < width_vectors() {
            output[row + member + TEAM] = element4(high);
        }
    }
}
