struct Parameters { rows: u32, columns: u32, blocks: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read_write> scratch: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<element4>;

var<workgroup> gathered: array<f32, WORKGROUP>;

// Returns the sum over all invocations before this one (Hillis and Steele 1986, "Data parallel
// algorithms").
fn before(lane: u32, own: f32) -> f32 {
    gathered[lane] = own;
    workgroupBarrier();
    for (var distance = 1u; distance < WORKGROUP; distance *= 2u) {
        var other = 0.0;
        if lane >= distance {
            other = gathered[lane - distance];
        }
        workgroupBarrier();
        gathered[lane] += other;
        workgroupBarrier();
    }
    return gathered[lane] - own;
}

struct Strip {
    row: u32,
    block: u32,
    start: u32,
    end: u32,
}

// The vectors of an invocation: VECTORS consecutive ones in a block of a row, or none.
fn strip_of(group: vec3<u32>, groups: vec3<u32>, lane: u32) -> Strip {
    let index = group.y * groups.x + group.x;
    let row = index / parameters.blocks;
    let block = index % parameters.blocks;
    let stride = (parameters.columns + 3u) / 4u;
    let first = min((block * WORKGROUP + lane) * VECTORS, stride);
    let end = select(first, min(first + VECTORS, stride), row < parameters.rows);
    return Strip(row, block, row * stride + first, row * stride + end);
}

fn scratch_at(row: u32, block: u32) -> u32 {
    return row * ((parameters.blocks + 3u) / 4u * 4u) + block;
}

fn strip_sum(strip: Strip) -> f32 {
    var sum = vec4(0.0);
    for (var at = strip.start; at < strip.end; at++) {
        sum += vec4<f32>(x[at]);
    }
    return dot(sum, vec4(1.0));
}

@compute @workgroup_size(WORKGROUP)
fn sums(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let strip = strip_of(group, groups, lane);
    let own = strip_sum(strip);
    let earlier = before(lane, own);
    if lane == WORKGROUP - 1u && strip.row < parameters.rows {
        scratch[scratch_at(strip.row, strip.block)] = earlier + own;
    }
}

// Replaces the sum of each block by the sum of the blocks before it; one workgroup per row.
@compute @workgroup_size(WORKGROUP)
fn offsets(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = group.y * groups.x + group.x;
    let share = (parameters.blocks + WORKGROUP - 1u) / WORKGROUP;
    let first = min(lane * share, parameters.blocks);
    let end = select(first, min(first + share, parameters.blocks), row < parameters.rows);
    var own = 0.0;
    for (var block = first; block < end; block++) {
        own += scratch[scratch_at(row, block)];
    }
    var total = before(lane, own);
    for (var block = first; block < end; block++) {
        let at = scratch_at(row, block);
        let sum = scratch[at];
        scratch[at] = total;
        total += sum;
    }
}

@compute @workgroup_size(WORKGROUP)
fn scan(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let strip = strip_of(group, groups, lane);
    var total = before(lane, strip_sum(strip));
    if strip.row < parameters.rows {
        total += scratch[scratch_at(strip.row, strip.block)];
    }
    for (var at = strip.start; at < strip.end; at++) {
        let value = vec4<f32>(x[at]);
        let pairs = value + vec4(0.0, value.xyz);
        let running = total + pairs + vec4(0.0, 0.0, pairs.xy);
        output[at] = element4(running);
        total = running.w;
    }
}
