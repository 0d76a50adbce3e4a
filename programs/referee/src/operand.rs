//! Bytes of an operand that an element needs, as runs; and the ranges of whole leaves that are
//! staged for them. Runs come in ascending order. A run whose first leaf is at most one past the
//! last leaf of the range before it extends that range: no leaf is staged twice, and no sibling is
//! staged between two that touch.

use std::ops::Range;

use crate::{layout::LEAF, RefereeError};

/// Contiguous stored bytes; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub start: u64,
    pub bytes: u64,
}

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

/// Verified leaves of one operand.
pub struct Operand<'a> {
    /// First leaf and bytes of each range.
    ranges: Vec<(u64, &'a [u8])>,
}

impl<'a> Operand<'a> {
    pub const EMPTY: Self = Self { ranges: Vec::new() };

    pub fn with_capacity(ranges: usize) -> Self {
        Self { ranges: Vec::with_capacity(ranges) }
    }

    pub fn push(&mut self, first_leaf: u64, data: &'a [u8]) {
        self.ranges.push((first_leaf, data));
    }

    /// The bytes of a run that was asked for.
    pub fn bytes(&self, run: Run) -> Result<&'a [u8], RefereeError> {
        let within = |(first, data): &(u64, &'a [u8])| {
            let start = run.start.checked_sub(first.saturating_mul(LEAF))? as usize;
            data.get(start..start.saturating_add(run.bytes as usize))
        };
        self.ranges.iter().find_map(within).ok_or(RefereeError::WrongLength)
    }
}
