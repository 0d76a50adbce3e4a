//! clamp(zero point + floor((x * m + 2^(s-1)) / 2^s)) in 64 bits: |x * m| < 2^62, 2^(s-1) <= 2^61

use protocol::descriptor::Descriptor;

use super::{element, input};
use crate::{
    ensure,
    layout::{integer, Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

pub fn run(layout: &Layout, place: &Place, slot: usize) -> Run {
    match slot {
        0 => layout.elements(*place, 1),
        _ => channel(layout, place),
    }
}

fn channel(table: &Layout, place: &Place) -> Run {
    table.rows(place.column, 1)
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let x = i64::from(element(d, place, operands, 0)?);
    let (multiplier, shift) = if d.per_channel {
        let table = input(d, 1)?;
        let entry = operands[1].bytes(channel(&table, place))?;
        let (multiplier, shift) = entry.split_at(table.dtype.bytes() as usize);
        (integer(multiplier, table.dtype)?, integer(shift, table.dtype)?)
    } else {
        (d.multiplier, i32::from(d.shift))
    };
    ensure(multiplier >= 1 && (1..=62).contains(&shift), RefereeError::Unprovable)?;
    let half = 1i64 << shift.wrapping_sub(1);
    let quotient = x.wrapping_mul(multiplier.into()).wrapping_add(half) >> shift;
    let shifted = quotient.wrapping_add(d.zero_point_out.into());
    Ok(shifted.max(d.clamp_low.into()).min(d.clamp_high.into()) as i32)
}
