//! out[b, m, n] = bias[n] + sum over k of A[b, m, k] * B[b, n, k], where an unbatched B is the same
//! for all b. Reads row `row` of A, row `column` of B (in a batched B, row N * floor(row / M) +
//! column), and 4 bytes of bias. To int8 the sum is requantised, and 16 bytes of bias, multiplier and
//! shift are read instead.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    dot::dot,
    ending::{self, counted, ended, fits, narrowed, BIAS},
    error::OperatorError,
    operand::Operand,
    operator::{stored_row, Footprint, Operator},
    place::Place,
    reading::{input, row, row_run},
    run::Run,
};

pub struct Matmul;

impl Operator for Matmul {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::either(ConstantSlot::Weights, SlotDtype::Int8),
            BIAS,
        ],
        dtypes: &[(Dtype::Int8, Dtype::Int32)],
        rounds: false,
        parameters: Parameters::NONE,
    };

    const NARROWED: Option<Signature> = Some(narrowed(&Self::SIGNATURE));

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [[n, h, w, inner], b, _] = d.input_shapes;
        let columns = b[2];
        Ok((b == [1, 1, columns, inner] || b == [n, h, columns, inner])
            && fits(d, columns)
            && d.output_shape == [n, h, w, columns])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let taps = u64::from(d.input_shapes[0][3]);
        let products = Footprint { bytes: stored_row(d)?.saturating_mul(2), runs: 2, taps };
        counted(d, products)
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        Ok(vec![match slot {
            0 => row_run(d, place.row, slot)?,
            1 => row_run(d, right(d, place)?, slot)?,
            _ => ending::run(d, place)?,
        }])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let a = row(&input(d, 0)?, place.row, &operands[0])?;
        let b = row(&input(d, 1)?, right(d, place)?, &operands[1])?;
        ended(product(a, b), d, place, operands)
    }
}

/// Returns the row of B that the element at `place` reads.
fn right(d: &Descriptor, place: &Place) -> Result<u64, OperatorError> {
    let [outer, inner, columns, _] = d.input_shapes[1].map(u64::from);
    if [outer, inner] == [1, 1] {
        return Ok(place.column);
    }
    let rows = u64::from(d.input_shapes[0][2]);
    let batch = place.row.checked_div(rows).ok_or(OperatorError::WrongDescriptor)?;
    Ok(batch.saturating_mul(columns).saturating_add(place.column))
}

/// This is a separate function so that its loop has all registers to itself.
#[inline(never)]
fn product(a: &[u8], b: &[u8]) -> i64 {
    dot(a, b, 0)
}
