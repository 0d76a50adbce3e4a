"""The tolerant class: tasks whose results nobody can recompute bit by bit. Several providers run
the same kernel and those that agree are paid; there is no fraud proof, and stake is never slashed
for disagreeing."""
