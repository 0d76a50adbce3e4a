//! a, then b, along one axis: an element lies in one of them.

use protocol::descriptor::Descriptor;

use super::element;
use crate::{
    indices::{indices_of, place_of},
    layout::{Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

/// None of the operand that does not hold the element.
pub fn runs(
    d: &Descriptor,
    layout: &Layout,
    place: &Place,
    slot: usize,
) -> Result<Vec<Run>, RefereeError> {
    let (holder, place) = source(d, place)?;
    Ok(if holder == slot { vec![layout.elements(place, 1)] } else { Vec::new() })
}

fn source(d: &Descriptor, place: &Place) -> Result<(usize, Place), RefereeError> {
    let axis = usize::from(d.axis);
    let mut indices = indices_of(&d.output_shape, place)?;
    let first = d.input_shapes[0].get(axis).copied().unwrap_or(0);
    let index = indices.get_mut(axis).ok_or(RefereeError::WrongDescriptor)?;
    let slot = match index.checked_sub(first.into()) {
        Some(within) => {
            *index = within;
            1
        }
        None => 0,
    };
    Ok((slot, place_of(&d.input_shapes[slot], indices)))
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let (slot, place) = source(d, place)?;
    element(d, &place, operands, slot)
}
