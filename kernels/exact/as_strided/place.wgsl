// N, H, W, C of an element of the output.
fn coordinates(row: u32, column: u32) -> vec4<u32> {
    let size = shape(OUTPUT_SHAPE);
    let above = row / size.z;
    return vec4(above / size.y, above % size.y, row % size.z, column);
}

fn row_at(size: vec4<u32>, at: vec4<u32>) -> u32 {
    return (at.x * size.y + at.y) * size.z + at.z;
}
