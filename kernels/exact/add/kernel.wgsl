@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = invocation(group, groups, local);
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    if (index >= words(tensor)) {
        return;
    }
    let size = shape(1u);
    // Zero padding stays zero, so words of equal shapes are added without regard to rows.
    if (all(size == shape(OUTPUT_SHAPE))) {
        output[index] = a[index] + b[index];
        return;
    }
    let column = index % (tensor.stride / 4u);
    if (column >= tensor.columns) {
        output[index] = 0u;
        return;
    }
    let at = min(coordinates(index / (tensor.stride / 4u), column), size - 1u);
    output[index] = a[index] + b[row_at(size, at) * (row_stride(4u * size.w) / 4u) + at.w];
}
