//! out[.., c] = table[clamp(index, 0, V - 1), c]

use protocol::descriptor::Descriptor;

use super::element;
use crate::{
    layout::{Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

/// Where the entry lies is known once the index has been opened.
pub fn run(
    d: &Descriptor,
    layout: &Layout,
    place: &Place,
    slot: usize,
    operands: &[Operand; 3],
) -> Result<Run, RefereeError> {
    let place = match slot {
        0 => index_place(place),
        _ => entry(d, place, operands)?,
    };
    Ok(layout.elements(place, 1))
}

fn index_place(place: &Place) -> Place {
    Place { row: place.row, column: 0 }
}

fn entry(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<Place, RefereeError> {
    let index = element(d, &index_place(place), operands, 0)?;
    let last = d.input_shapes[1][2].saturating_sub(1);
    let row = index.max(0).cast_unsigned().min(last).into();
    Ok(Place { row, column: place.column })
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    element(d, &entry(d, place, operands)?, operands, 1)
}
