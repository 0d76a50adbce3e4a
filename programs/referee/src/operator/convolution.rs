//! out = bias[o] + sum over taps and channels of (x - zero point) * w, x = pad value outside.

use protocol::descriptor::Descriptor;

use super::{bias_run, input, with_bias};
use crate::{
    dot::dot,
    layout::{Layout, Place},
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
        0 => Ok(strips(d, place)?.iter().map(|s| layout.rows(s.row, s.taps)).collect()),
        1 => Ok(vec![filter(d, layout, place)]),
        _ => Ok(vec![bias_run(layout, place)]),
    }
}

/// All taps of one output channel.
pub fn filter(d: &Descriptor, layout: &Layout, place: &Place) -> Run {
    let [height, width] = d.window.kernel.map(u64::from);
    let taps = height.saturating_mul(width);
    layout.rows(place.column.saturating_mul(taps), taps)
}

pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    let layout = input(d, 0)?;
    let weights = operands[1].bytes(filter(d, &input(d, 1)?, place))?;
    let mut sum = 0i64;
    // sum of (x - pad) w over the taps inside, and of (pad - zero point) w over all of them
    for strip in strips(d, place)? {
        let x = operands[0].bytes(layout.rows(strip.row, strip.taps))?;
        let Run { start, bytes } = layout.rows(strip.tap, strip.taps);
        let w = weights
            .get(start as usize..start.saturating_add(bytes) as usize)
            .ok_or(RefereeError::WrongLength)?;
        for (x, w) in pixels(x, &layout).zip(pixels(w, &layout)) {
            sum = sum.wrapping_add(dot(x, w, d.pad_value));
        }
    }
    let excess = i64::from(d.pad_value).wrapping_sub(d.zero_point_in.into());
    if excess != 0 {
        let total = pixels(weights, &layout)
            .flatten()
            .fold(0i64, |total, w| total.wrapping_add(w.cast_signed().into()));
        sum = sum.wrapping_add(excess.wrapping_mul(total));
    }
    with_bias(sum, d, place, operands)
}

/// The channels of each pixel; of all pixels at once where no padding lies between them.
fn pixels<'a>(stored: &'a [u8], layout: &Layout) -> impl Iterator<Item = &'a [u8]> {
    let (stride, channels) = (layout.stride as usize, layout.columns as usize);
    let (stride, channels) =
        if stride == channels { (stored.len().max(1), stored.len()) } else { (stride, channels) };
    stored.chunks_exact(stride).map(move |pixel| &pixel[..channels])
}
