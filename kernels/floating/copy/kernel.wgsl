struct Parameters { n: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read_write> y: array<element4>;

// SPAN neighbouring invocations share a contiguous strip, so each of their steps reads whole cache
// lines, and the next step reads the lines that follow.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = (group.y * groups.x + group.x) * WORKGROUP * VECTORS;
    let start = block + lane / SPAN * SPAN * VECTORS + lane % SPAN;
    let end = min(start + SPAN * VECTORS, (parameters.n + 3u) / 4u);
    for (var at = start; at < end; at += SPAN) {
        y[at] = x[at];
    }
}
