use std::ops::RangeInclusive;

use crate::{
    descriptor::{row_stride, Descriptor, Fault, Signature},
    error::OperatorError,
    operand::Operand,
    place::Place,
    run::Run,
};

protocol::limits! {
    /// Maximum shift of a division by a power of two; the minimum is 1.
    pub const MAX_SHIFT: i32 = 62;
}

/// The valid shifts of a division by a power of two.
pub const SHIFTS: RangeInclusive<i32> = 1..=MAX_SHIFT;

/// Everything that the chain knows about one exact operator.
///
/// The functions that return a `Fault` run when a descriptor is parsed. `runs` and `value` run when
/// an element is judged, on a descriptor that was accepted.
pub trait Operator {
    /// The inputs, dtypes and parameters of its descriptors.
    const SIGNATURE: Signature;

    /// The same of the form that requantises its sums to int8, if the operator has one. `SIGNATURE`
    /// then has no int8 output.
    const NARROWED: Option<Signature> = None;

    /// Checks the values of the parameters beyond the ranges that hold for all operators.
    fn check_values(_: &Descriptor) -> Result<(), Fault> {
        Ok(())
    }

    /// Returns whether the shapes of the inputs and of the output fit together. All axes of the
    /// shapes in use are positive.
    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault>;

    /// Returns how much one output element depends on. Tensors have at most 2^30 bytes, so products
    /// of their sizes stay far below the end of u64.
    fn footprint(d: &Descriptor) -> Result<Footprint, Fault>;

    /// Returns the bytes of the input in `slot` that the element at `place` depends on, as runs in
    /// ascending order. The input is in use, and `operands` are the inputs before it.
    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        operands: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError>;

    /// Returns the value that the output's element at `place` must have.
    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError>;
}

/// How much data one output element depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Stored bytes, row padding included.
    pub bytes: u64,
    /// Number of contiguous runs in which the bytes lie.
    pub runs: u64,
    /// Number of multiply-adds, or of the operations that the operator counts as such.
    pub taps: u64,
}

/// Returns the stored bytes per row of the first input.
pub fn stored_row(d: &Descriptor) -> Result<u64, Fault> {
    let bytes = u64::from(d.input_shapes[0][3]).saturating_mul(d.dtype_in.bytes());
    row_stride(bytes).ok_or(Fault::OperandLimit)
}
