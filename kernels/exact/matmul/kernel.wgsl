@group(0) @binding(2) var<storage, read> a: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> b: array<vec4<u32>>;

struct Left {
    row: u32,
}

fn batched() -> bool {
    return shape(1u).x * shape(1u).y > 1u;
}

fn extent(tensor: Layout) -> Extent {
    let size = shape(OUTPUT_SHAPE);
    if (batched()) {
        return Extent(size.x * size.y, size.z, size.w);
    }
    return Extent(1u, tensor.rows, size.w);
}

fn terms() -> Terms {
    return Terms(1u, (shape(0u).w + 15u) / 16u);
}

// A row of one, two, four or eight bytes as a quad.
fn narrow(quad: vec4<u32>, byte: u32, stride: u32) -> vec4<u32> {
    let word = byte % 16u / 4u;
    if (stride == 8u) {
        return vec4(quad[word], quad[word + 1u], 0u, 0u);
    }
    let mask = select((1u << (8u * stride)) - 1u, 0xffffffffu, stride == 4u);
    return vec4((quad[word] >> (8u * (byte % 4u))) & mask, 0u, 0u, 0u);
}

fn left_row(batch: u32, row: u32) -> Left {
    return Left((batch * shape(OUTPUT_SHAPE).z + row) * row_stride(shape(0u).w));
}

fn left_run(row: Left, run: u32) -> u32 {
    return row.row / 16u;
}

fn left(row: Left, at: u32, run: u32, quad: u32) -> vec4<u32> {
    if (NARROW == 1u) {
        return narrow(a[at], row.row, row_stride(shape(0u).w));
    }
    return a[at + quad];
}

// Counts bytes where rows are narrow, because a quad then holds several of them.
fn right_run(batch: u32, column: u32, run: u32) -> u32 {
    let row = select(column, batch * shape(1u).z + column, batched());
    return row * row_stride(shape(1u).w) / select(16u, 1u, NARROW == 1u);
}

fn right(at: u32, run: u32, quad: u32) -> vec4<u32> {
    if (NARROW == 1u) {
        return narrow(b[at / 16u], at, row_stride(shape(1u).w));
    }
    return b[at + quad];
}
