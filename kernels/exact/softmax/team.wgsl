// A team of invocations shares a row, so that each has about eight of its elements: the lanes of a
// team are neighbours in a workgroup. GROUP grids count on the same number (runtime/shader.py).
fn team_lanes(columns: u32) -> u32 {
    if (columns <= 8u) {
        return 1u;
    }
    return min(1u << (29u - countLeadingZeros(columns - 1u)), 64u);
}
