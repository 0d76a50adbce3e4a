//! The lowest index of a row's largest element.

use protocol::descriptor::{Descriptor, Dtype};

use super::input;
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let layout = input(d, 0)?;
    let start = Place { row: place.row, column: 0 };
    let row = operands[0].bytes(layout.elements(start, layout.columns))?;
    let index = match layout.dtype {
        Dtype::Int8 => first_largest(row.iter().map(|byte| byte.cast_signed().into())),
        Dtype::Int32 => first_largest(row.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b))),
    };
    index.ok_or(RefereeError::WrongLength)
}

fn first_largest(mut values: impl Iterator<Item = i32> + Clone) -> Option<i32> {
    let largest = values.clone().max()?;
    i32::try_from(values.position(|value| value == largest)?).ok()
}
