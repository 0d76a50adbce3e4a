// As team.wgsl, for LANES of a row that are neighbours in one subgroup: no barrier is needed, so no
// value has to leave its registers.
fn largest(lane: u32, own: f32) -> f32 {
    var found = own;
    for (var distance = 1u; distance < LANES; distance *= 2u) {
        found = max(found, subgroupShuffleXor(found, distance));
    }
    return found;
}

fn total(lane: u32, own: f32) -> f32 {
    var found = own;
    for (var distance = 1u; distance < LANES; distance *= 2u) {
        found += subgroupShuffleXor(found, distance);
    }
    return found;
}
