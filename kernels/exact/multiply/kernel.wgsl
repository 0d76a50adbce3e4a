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
    let row = index / (tensor.stride / 4u);
    let column = index % (tensor.stride / 4u);
    if (column >= tensor.columns) {
        output[index] = 0u;
        return;
    }
    let size = shape(1u);
    let at = min(coordinates(row, column), size - 1u);
    let left = row * row_stride(tensor.columns) + column;
    let right = row_at(size, at) * row_stride(size.w) + at.w;
    let x = byte_of(a[left / 4u], left % 4u) - field_zero_point_in();
    let y = byte_of(b[right / 4u], right % 4u) - field_pad_value();
    output[index] = bitcast<u32>(x * y);
}
