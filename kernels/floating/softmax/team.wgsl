var<workgroup> peaks: array<f32, WORKGROUP>;
var<workgroup> sums: array<f32, WORKGROUP>;

// Every invocation combines all values of its row's LANES itself: one barrier instead of a tree.
fn largest(lane: u32, own: f32) -> f32 {
    peaks[lane] = own;
    workgroupBarrier();
    let first = lane / LANES * LANES;
    var found = own;
    for (var other = first; other < first + LANES; other++) {
        found = max(found, peaks[other]);
    }
    return found;
}

fn total(lane: u32, own: f32) -> f32 {
    sums[lane] = own;
    workgroupBarrier();
    let first = lane / LANES * LANES;
    var found = 0.0;
    for (var other = first; other < first + LANES; other++) {
        found += sums[other];
    }
    return found;
}
