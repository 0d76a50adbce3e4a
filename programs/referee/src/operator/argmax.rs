//! The lowest index of a row's largest element.

use protocol::descriptor::{Descriptor, Dtype};

use super::{input, int32s, int8s, row};
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let bytes = row(&input(d, 0)?, place.row, &operands[0])?;
    let index = match d.dtype_in {
        Dtype::Int8 => first_largest(int8s(bytes)),
        Dtype::Int32 => first_largest(int32s(bytes)),
    };
    index.ok_or(RefereeError::WrongLength)
}

fn first_largest(mut values: impl Iterator<Item = i32> + Clone) -> Option<i32> {
    let largest = values.clone().max()?;
    i32::try_from(values.position(|value| value == largest)?).ok()
}
