// Four columns and the scale of each.
struct Vector {
    column: u32,
    scales: array<Scale, 4>,
}

fn vector_of(column: u32, tensor: Layout) -> Vector {
    var vector = Vector(column, array<Scale, 4>());
    for (var lane = 0u; lane < 4u; lane++) {
        vector.scales[lane] = scale_of(min(column + lane, tensor.columns - 1u));
    }
    return vector;
}

fn to_int8(vector: Vector, sums: vec4<i32>) -> vec4<i32> {
    return vec4(
        requantise(sums.x, vector.scales[0]),
        requantise(sums.y, vector.scales[1]),
        requantise(sums.z, vector.scales[2]),
        requantise(sums.w, vector.scales[3]),
    );
}

fn packed_bytes(values: vec4<i32>) -> u32 {
    let bytes = vec4<u32>(values) & vec4(255u);
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
