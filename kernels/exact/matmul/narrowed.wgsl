fn written_columns(tensor: Layout) -> u32 {
    return row_stride(tensor.columns);
}

fn finish(row: u32, vector: Vector, tensor: Layout, sums: vec4<i32>) {
    let stride = row_stride(tensor.columns);
    if (vector.column >= stride) {
        return;
    }
    let kept = vec4(vector.column) + vec4(0u, 1u, 2u, 3u) < vec4(tensor.columns);
    let word = packed_bytes(select(vec4(0), to_int8(vector, sums), kept));
    output[(row * stride + vector.column) / 4u] = word;
}

fn element(row: u32, column: u32, size: Extent) -> i32 {
    let terms = terms();
    let batch = row / size.rows;
    let x_row = left_row(batch, row % size.rows);
    var sum = bias_at(column, size.columns);
    for (var run = 0u; run < terms.runs; run++) {
        let x_at = left_run(x_row, run);
        let y_at = right_run(batch, column, run);
        for (var quad = 0u; quad < terms.quads; quad++) {
            let y = right(y_at, run, quad);
            sum += dot(left(x_row, x_at, run, quad), y);
            if (OFFSET == 1u) {
                sum -= field_zero_point_in() * dot(ONES, y);
            }
        }
    }
    return sum;
}

// Writes a word of an output whose rows are shorter than a word: the rows of a tile would leave words
// to several invocations.
fn write_word(index: u32) {
    let tensor = tensor_layout(OUTPUT_SHAPE, 1u);
    if (index >= words(tensor)) {
        return;
    }
    var word = 0u;
    for (var lane = 0u; lane < 4u; lane++) {
        let byte = 4u * index + lane;
        let row = byte / tensor.stride;
        let column = byte % tensor.stride;
        if (row < tensor.rows && column < tensor.columns) {
            let value = requantise(element(row, column, extent(tensor)), scale_of(column));
            word = insertBits(word, bitcast<u32>(value), 8u * lane, 8u);
        }
    }
    output[index] = word;
}

@compute @workgroup_size(GROUP_SIZE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let index = group.y * groups.x + group.x;
    if (SHARED == 1u) {
        write_word(index * GROUP_SIZE + local);
    } else {
        write_tile(index, local);
    }
}
