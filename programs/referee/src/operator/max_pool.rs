//! The largest of the taps inside the image; registration ensures that there is one.

use protocol::descriptor::Descriptor;

use super::input;
use crate::{
    layout::{integer, Layout, Place},
    operand::{Operand, Run},
    window::strips,
    RefereeError,
};

/// One a tap.
pub fn runs(d: &Descriptor, layout: &Layout, place: &Place) -> Result<Vec<Run>, RefereeError> {
    let pixels = strips(d, place)?.into_iter().flat_map(|s| s.row..s.row.saturating_add(s.taps));
    Ok(pixels.map(|row| layout.elements(Place { row, ..*place }, 1)).collect())
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let layout = input(d, 0)?;
    let mut largest = i32::from(i8::MIN);
    for run in runs(d, &layout, place)? {
        largest = largest.max(integer(operands[0].bytes(run)?, layout.dtype)?);
    }
    Ok(largest)
}
