//! min(max(x, low), high)

use protocol::descriptor::Descriptor;

use super::element;
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    Ok(element(d, place, operands, 0)?.max(d.clamp_low).min(d.clamp_high))
}
