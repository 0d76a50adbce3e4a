//! out = bias[c] + sum over taps of (x - zero point) * w[c], x = pad value outside.

use protocol::descriptor::Descriptor;

use super::{bias_run, convolution::filter, input, max_pool, with_bias};
use crate::{
    layout::{integer, Layout, Place},
    operand::{Operand, Run},
    window::strips,
    RefereeError,
};

pub fn runs(
    d: &Descriptor,
    layout: &Layout,
    place: &Place,
    slot: usize,
) -> Result<Vec<Run>, RefereeError> {
    match slot {
        0 => max_pool::runs(d, layout, place),
        1 => Ok(vec![filter(d, layout, place)]),
        _ => Ok(vec![bias_run(layout, place)]),
    }
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let layout = input(d, 0)?;
    let weights = operands[1].bytes(filter(d, &input(d, 1)?, place))?;
    let product = |x: i32, w: u8| {
        i64::from(x).wrapping_sub(d.zero_point_in.into()).wrapping_mul(w.cast_signed().into())
    };
    // every tap as if it lay outside, then what those inside differ by
    let mut sum = weights.iter().fold(0i64, |sum, w| sum.wrapping_add(product(d.pad_value, *w)));
    for strip in strips(d, place)? {
        let pixels = strip.row..strip.row.saturating_add(strip.taps);
        for (row, tap) in pixels.zip(strip.tap..) {
            let run = layout.elements(Place { row, ..*place }, 1);
            let x = integer(operands[0].bytes(run)?, layout.dtype)?;
            let w = *weights.get(tap as usize).ok_or(RefereeError::WrongLength)?;
            sum = sum.wrapping_add(product(x, w)).wrapping_sub(product(d.pad_value, w));
        }
    }
    with_bias(sum, d, place, operands)
}
