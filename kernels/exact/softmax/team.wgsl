// A team of invocations shares a row, so that each has at most LANE_ELEMENTS of its elements while a
// workgroup is enough: the lanes of a team are neighbours in it. GROUP grids count on the same number
// (runtime/shader.py). Barriers are dear on a CPU: where no row needs a second lane, none is met.
const ALONE = LANE_ELEMENTS >= 8192u;

fn team_lanes(columns: u32) -> u32 {
    let shares = (columns + LANE_ELEMENTS - 1u) / LANE_ELEMENTS;
    if (shares == 1u) {
        return 1u;
    }
    return min(1u << (32u - countLeadingZeros(shares - 1u)), 64u);
}
