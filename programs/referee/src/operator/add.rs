//! a + b modulo 2^32

use protocol::descriptor::Descriptor;

use super::broadcast_element;
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let [a, b] = [0, 1].map(|slot| broadcast_element(d, place, operands, slot));
    Ok(a?.wrapping_add(b?))
}
