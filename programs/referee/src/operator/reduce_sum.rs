//! Sum of a row modulo 2^32

use protocol::descriptor::{Descriptor, Dtype};

use super::{input, int32s, int8s, row};
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let bytes = row(&input(d, 0)?, place.row, &operands[0])?;
    Ok(match d.dtype_in {
        Dtype::Int8 => int8s(bytes).fold(0, i32::wrapping_add),
        Dtype::Int32 => int32s(bytes).fold(0, i32::wrapping_add),
    })
}
