//! (a - zero point) * (b - pad value), the fields being each factor's zero point

use protocol::descriptor::Descriptor;

use super::broadcast_element;
use crate::{layout::Place, operand::Operand, RefereeError};

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let [a, b] = [0, 1].map(|slot| broadcast_element(d, place, operands, slot));
    Ok(a?.wrapping_sub(d.zero_point_in).wrapping_mul(b?.wrapping_sub(d.pad_value)))
}
