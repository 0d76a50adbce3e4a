struct Parameters { rows: u32, columns: u32, parts: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read_write> scratch: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<element>;

var<workgroup> gathered: array<vec4<f32>, WORKGROUP>;

// Returns the combined values of LANES invocations.
fn together(lane: u32, own: vec4<f32>) -> f32 {
    gathered[lane] = own;
    workgroupBarrier();
    var all = vec4(f32(IDENTITY));
    for (var other = 0u; other < LANES; other++) {
        all = combine(all, gathered[lane / LANES * LANES + other]);
    }
    let halves = combine(all, all.zwxy);
    return combine(halves, halves.yxwz).x;
}

fn piece(group: vec3<u32>, groups: vec3<u32>, lane: u32) -> u32 {
    return (group.y * groups.x + group.x) * (WORKGROUP / LANES) + lane / LANES;
}

fn scratch_at(row: u32, part: u32) -> u32 {
    return row * ((parameters.parts + 3u) / 4u * 4u) + part;
}

// LANES invocations combine a contiguous part of a row; neighbours read neighbouring vectors.
@compute @workgroup_size(WORKGROUP)
fn partial(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = piece(group, groups, lane);
    let row = index / parameters.parts;
    let part = index % parameters.parts;
    let present = row < parameters.rows;
    let whole = parameters.columns / 4u;
    let start = row * ((parameters.columns + 3u) / 4u);
    let first = part * LANES * VECTORS;
    let end = select(0u, start + min(first + LANES * VECTORS, whole), present);
    var own = vec4(f32(IDENTITY));
    for (var at = start + first + lane % LANES; at < end; at += LANES) {
        own = combine(own, vec4<f32>(x[at]));
    }
    let rest = parameters.columns % 4u;
    if present && rest != 0u && part == 0u && lane % LANES == 0u {
        let inside = vec4(0u, 1u, 2u, 3u) < vec4(rest);
        own = combine(own, select(vec4(f32(IDENTITY)), vec4<f32>(x[start + whole]), inside));
    }
    let found = together(lane, own);
    if present && lane % LANES == 0u {
        scratch[scratch_at(row, part)] = found;
    }
}

@compute @workgroup_size(WORKGROUP)
fn total(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let row = piece(group, groups, lane);
    let present = row < parameters.rows;
    var own = vec4(f32(IDENTITY));
    for (var part = lane % LANES; part < select(0u, parameters.parts, present); part += LANES) {
        own.x = combine(own, vec4(scratch[scratch_at(row, part)])).x;
    }
    let found = together(lane, own);
    if present && lane % LANES == 0u {
        output[row] = element(found);
    }
}
