//! a + b modulo 2^32

use protocol::descriptor::Descriptor;

use super::same_place;
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let [a, b] = [0, 1].map(|slot| same_place(d, place, operands, slot));
    Ok(a?.wrapping_add(b?))
}
