@group(0) @binding(2) var<storage, read> a: array<u32>;
@group(0) @binding(3) var<storage, read> b: array<u32>;

// Four rows by four columns an invocation: eight loads feed sixteen products of four bytes.
@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let left = tensor_layout(0u, 1u);
    let right = tensor_layout(1u, 1u);
    let tensor = tensor_layout(OUTPUT_SHAPE, 4u);
    let row_words = tensor.stride / 4u;
    let tiles = (row_words + 3u) / 4u;
    let index = invocation(group, groups, local);
    let column = index % tiles * 4u;
    // A tile stays within one matrix where each has a B of its own.
    let right_size = shape(1u);
    let batched = right_size.x * right_size.y > 1u;
    let each = select(tensor.rows, shape(OUTPUT_SHAPE).z, batched);
    let down = (each + 3u) / 4u;
    let matrix = index / tiles / down;
    let row = matrix * each + index / tiles % down * 4u;
    let end = (matrix + 1u) * each;
    if (row >= tensor.rows) {
        return;
    }
    let last_row = end - 1u;
    let first = matrix * right_size.z;
    let last_column = right_size.z - 1u;
    let a0 = row_word(row, left.stride);
    let a1 = row_word(min(row + 1u, last_row), left.stride);
    let a2 = row_word(min(row + 2u, last_row), left.stride);
    let a3 = row_word(min(row + 3u, last_row), left.stride);
    let b0 = row_word(first + min(column, last_column), right.stride);
    let b1 = row_word(first + min(column + 1u, last_column), right.stride);
    let b2 = row_word(first + min(column + 2u, last_column), right.stride);
    let b3 = row_word(first + min(column + 3u, last_column), right.stride);
    let start = starting_sums(column, tensor.columns);
    var sum0 = start;
    var sum1 = start;
    var sum2 = start;
    var sum3 = start;
    let steps = (left.columns + 3u) / 4u;
    for (var k = 0u; k < steps; k++) {
        let x0 = (a[a0.index + k] >> a0.shift) & a0.mask;
        let x1 = (a[a1.index + k] >> a1.shift) & a1.mask;
        let x2 = (a[a2.index + k] >> a2.shift) & a2.mask;
        let x3 = (a[a3.index + k] >> a3.shift) & a3.mask;
        let y0 = (b[b0.index + k] >> b0.shift) & b0.mask;
        let y1 = (b[b1.index + k] >> b1.shift) & b1.mask;
        let y2 = (b[b2.index + k] >> b2.shift) & b2.mask;
        let y3 = (b[b3.index + k] >> b3.shift) & b3.mask;
        sum0 += products(x0, y0, y1, y2, y3);
        sum1 += products(x1, y0, y1, y2, y3);
        sum2 += products(x2, y0, y1, y2, y3);
        sum3 += products(x3, y0, y1, y2, y3);
    }
    let kept = vec4(column, column + 1u, column + 2u, column + 3u) < vec4(tensor.columns);
    store(row, column, row_words, end, select(vec4(0), sum0, kept));
    store(row + 1u, column, row_words, end, select(vec4(0), sum1, kept));
    store(row + 2u, column, row_words, end, select(vec4(0), sum2, kept));
    store(row + 3u, column, row_words, end, select(vec4(0), sum3, kept));
}
