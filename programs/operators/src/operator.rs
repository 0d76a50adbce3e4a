use std::ops::RangeInclusive;

use crate::{
    descriptor::{row_stride, Descriptor, Fault, Signature},
    error::OperatorError,
    operand::Operand,
    place::Place,
    run::Run,
};

/// The shifts that a division by a power of two may have.
pub const SHIFTS: RangeInclusive<i32> = 1..=62;

/// Everything that the chain knows about one exact operator.
///
/// The functions that return a `Fault` run when a descriptor is parsed. `runs` and `value` run when
/// an element is judged, on a descriptor that was accepted.
pub trait Operator {
    /// Which inputs, dtypes and parameters its descriptors have.
    const SIGNATURE: Signature;

    /// Checks the values of the parameters beyond the ranges that hold for all operators.
    fn check_values(_: &Descriptor) -> Result<(), Fault> {
        Ok(())
    }

    /// Whether the shapes of the inputs and of the output belong together. All axes of those in
    /// use are positive.
    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault>;

    /// How much one output element depends on. Tensors have at most 2^30 bytes, which keeps every
    /// product of their sizes far from u64's end.
    fn footprint(d: &Descriptor) -> Result<Footprint, Fault>;

    /// The bytes of the input in `slot`, which is in use, that the element at `place` depends on,
    /// as runs in ascending order. `operands` are the inputs before it.
    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        operands: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError>;

    /// What the output's element at `place` must be.
    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError>;
}

/// How much one output element depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// Stored bytes, row padding included.
    pub bytes: u64,
    /// Contiguous runs in which they lie.
    pub runs: u64,
    /// Multiply-adds, or what the operator counts as such.
    pub taps: u64,
}

/// Stored bytes of a row of the first input.
pub fn stored_row(d: &Descriptor) -> Result<u64, Fault> {
    let bytes = u64::from(d.input_shapes[0][3]).saturating_mul(d.dtype_in.bytes());
    row_stride(bytes).ok_or(Fault::OperandLimit)
}
