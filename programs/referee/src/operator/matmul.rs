//! out[b, m, n] = bias[n] + sum over k of A[b, m, k] * B[b, n, k], B alike for all b if it has one

use protocol::descriptor::Descriptor;

use super::{bias_run, input, row, with_bias};
use crate::{
    dot::dot,
    layout::{Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

pub fn run(
    d: &Descriptor,
    layout: &Layout,
    place: &Place,
    slot: usize,
) -> Result<Run, RefereeError> {
    Ok(match slot {
        0 => layout.rows(place.row, 1),
        1 => layout.rows(right(d, place)?, 1),
        _ => bias_run(layout, place),
    })
}

/// Row of B.
fn right(d: &Descriptor, place: &Place) -> Result<u64, RefereeError> {
    let [outer, inner, columns, _] = d.input_shapes[1].map(u64::from);
    if [outer, inner] == [1, 1] {
        return Ok(place.column);
    }
    let rows = u64::from(d.input_shapes[0][2]);
    let batch = place.row.checked_div(rows).ok_or(RefereeError::WrongDescriptor)?;
    Ok(batch.saturating_mul(columns).saturating_add(place.column))
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let a = row(&input(d, 0)?, place.row, &operands[0])?;
    let b = row(&input(d, 1)?, right(d, place)?, &operands[1])?;
    with_bias(dot(a, b, 0), d, place, operands)
}
