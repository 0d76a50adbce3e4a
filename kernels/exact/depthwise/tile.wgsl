// The four by four tile that one invocation computes.

fn starting_sums(column: u32, columns: u32) -> vec4<i32> {
    return vec4(
        bias_at(column, columns),
        bias_at(column + 1u, columns),
        bias_at(column + 2u, columns),
        bias_at(column + 3u, columns),
    );
}
