//! out[m, n] = bias[n] + sum over k of A[m, k] * B[n, k]

use protocol::descriptor::Descriptor;

use super::{bias_run, input, with_bias};
use crate::{
    dot::dot,
    layout::{Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

pub fn run(layout: &Layout, place: &Place, slot: usize) -> Run {
    match slot {
        0 => layout.rows(place.row, 1),
        1 => layout.rows(place.column, 1),
        _ => bias_run(layout, place),
    }
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let row = |slot: usize, row: u64| {
        let layout = input(d, slot)?;
        operands[slot].bytes(layout.elements(Place { row, column: 0 }, layout.columns))
    };
    let sum = dot(row(0, place.row)?, row(1, place.column)?, 0);
    with_bias(sum, d, place, operands)
}
