//! out[i] = x[offset + sum over axes of i * step], x counted row by row without padding

use protocol::descriptor::Descriptor;

use super::{element, input};
use crate::{
    indices::indices_of,
    layout::{Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

pub fn run(d: &Descriptor, layout: &Layout, place: &Place) -> Result<Run, RefereeError> {
    Ok(layout.elements(source(d, layout, place)?, 1))
}

fn source(d: &Descriptor, layout: &Layout, place: &Place) -> Result<Place, RefereeError> {
    let indices = indices_of(&d.output_shape, place)?;
    let find = || {
        let element = indices
            .iter()
            .zip(d.steps())
            .try_fold(u64::from(d.offset()), |element, (index, step)| {
                element.checked_add(index.checked_mul(step.into())?)
            })?;
        let row = element.checked_div(layout.columns)?;
        Some(Place { row, column: element.checked_rem(layout.columns)? })
    };
    find().ok_or(RefereeError::WrongDescriptor)
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    element(d, &source(d, &input(d, 0)?, place)?, operands, 0)
}
