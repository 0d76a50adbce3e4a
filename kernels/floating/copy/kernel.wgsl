struct Parameters { n: u32 }

@group(0) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(1) var<storage, read> x: array<element4>;
@group(0) @binding(2) var<storage, read_write> y: array<element4>;

// A workgroup copies one contiguous block, its invocations neighbouring vectors at each step.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block = (group.y * groups.x + group.x) * WORKGROUP * VECTORS;
    let end = min(block + WORKGROUP * VECTORS, (parameters.n + 3u) / 4u);
    for (var at = block + lane; at < end; at += WORKGROUP) {
        y[at] = x[at];
    }
}
