//! table[x + 128]; the table is one leaf, staged whole.

use protocol::descriptor::Descriptor;

use super::{element, input};
use crate::{
    layout::{integer, Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

pub fn run(layout: &Layout, place: &Place, slot: usize) -> Run {
    match slot {
        0 => layout.elements(*place, 1),
        _ => layout.rows(0, 1),
    }
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let x = element(d, place, operands, 0)?;
    let table = input(d, 1)?;
    let column = u64::from(x.wrapping_add(128).cast_unsigned());
    let entry = operands[1].bytes(table.elements(Place { row: 0, column }, 1))?;
    integer(entry, table.dtype)
}
