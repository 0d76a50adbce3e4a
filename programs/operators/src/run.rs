//! The bytes of an operand that an element needs, as runs, and the ranges of whole leaves that are
//! staged for them.

use std::ops::Range;

use protocol::merkle::LEAF_BYTES;

/// Bytes per leaf, as an offset.
pub const LEAF: u64 = LEAF_BYTES as u64;

/// At least one contiguous stored byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub start: u64,
    pub bytes: u64,
}

/// Returns the ranges of leaves that hold these runs, which are in ascending order. A run whose
/// first leaf is at most one past the last leaf of the previous range extends that range, so no
/// leaf is staged twice, and no sibling is staged between two adjacent leaves.
pub fn leaf_ranges(runs: &[Run]) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::with_capacity(runs.len());
    for run in runs {
        let first = run.start / LEAF;
        let end = run.start.saturating_add(run.bytes).div_ceil(LEAF);
        match ranges.last_mut() {
            Some(range) if first <= range.end => range.end = range.end.max(end),
            _ => ranges.push(first..end),
        }
    }
    ranges
}
