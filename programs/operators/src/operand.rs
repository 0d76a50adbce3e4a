use crate::{
    error::OperatorError,
    run::{Run, LEAF},
};

/// The verified leaves of one operand.
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

    /// Returns the bytes of a run, or `WrongLength` when the leaves do not hold it.
    pub fn bytes(&self, run: Run) -> Result<&'a [u8], OperatorError> {
        let within = |(first, data): &(u64, &'a [u8])| {
            let start = run.start.checked_sub(first.saturating_mul(LEAF))? as usize;
            data.get(start..start.saturating_add(run.bytes as usize))
        };
        self.ranges.iter().find_map(within).ok_or(OperatorError::WrongLength)
    }
}
