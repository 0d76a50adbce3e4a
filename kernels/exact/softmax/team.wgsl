// A team of neighbouring invocations of a workgroup shares a row. Each takes at most LANE_ELEMENTS of
// its elements, as far as a workgroup is large enough. exact/grid.py computes the same number.
// Barriers are slow on a CPU, so none is used where no row needs a second lane.
const ALONE = LANE_ELEMENTS >= 8192u;

fn team_lanes(columns: u32) -> u32 {
    let shares = (columns + LANE_ELEMENTS - 1u) / LANE_ELEMENTS;
    if (shares == 1u) {
        return 1u;
    }
    return min(1u << (32u - countLeadingZeros(shares - 1u)), 64u);
}
