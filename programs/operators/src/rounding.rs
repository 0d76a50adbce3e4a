//! The rounding of a sum or product to the scale of an operator's output.

use crate::{descriptor::Descriptor, error::OperatorError, operator::SHIFTS};

/// Returns x * m / 2^s, rounded to the output: |x * m| < 2^62. A multiplier or shift out of range,
/// which only a table can hold, is `Unprovable`.
pub fn requantised(
    x: i32,
    multiplier: i32,
    shift: i32,
    d: &Descriptor,
) -> Result<i32, OperatorError> {
    if multiplier < 1 || !SHIFTS.contains(&shift) {
        return Err(OperatorError::Unprovable);
    }
    Ok(rounded(i64::from(x).wrapping_mul(multiplier.into()), shift, d))
}

/// Returns clamp(zero point + floor((x + 2^(s-1)) / 2^s)) with the descriptor's zero point and clamp,
/// for |x| < 2^62 and a shift in range: 2^(s-1) <= 2^61.
pub fn rounded(x: i64, shift: i32, d: &Descriptor) -> i32 {
    let half = 1i64 << shift.wrapping_sub(1);
    let quotient = x.wrapping_add(half) >> shift;
    let shifted = quotient.wrapping_add(d.zero_point_out.into());
    shifted.max(d.clamp_low.into()).min(d.clamp_high.into()) as i32
}
