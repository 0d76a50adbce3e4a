@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

// Zero padding stays zero, so whole words are added without a look at rows.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    if (index < words(tensor_layout(OUTPUT_SHAPE, 4u))) {
        output[index] = a[index] + b[index];
    }
}
