use protocol::descriptor::Descriptor;

use crate::{layout::Place, RefereeError};

/// Taps of one output element that are neighbours in a row of the image and lie inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    /// Index of the first tap in the kernel, row by row.
    pub tap: u64,
    pub taps: u64,
    /// The input's row (its pixel) under the first tap.
    pub row: u64,
}

/// The taps inside the image, in ascending order. With dilation w above 1 no two are neighbours.
pub fn strips(d: &Descriptor, place: &Place) -> Result<Vec<Strip>, RefereeError> {
    let find = || {
        let [_, height, width, _] = d.input_shapes[0].map(i64::from);
        let [_, out_h, out_w, _] = d.output_shape.map(u64::from);
        let [kernel_h, kernel_w] = d.window.kernel.map(i64::from);
        let [stride_h, stride_w] = d.window.stride.map(u64::from);
        let [dilation_h, dilation_w] = d.window.dilation.map(i64::from);
        let [top, left, ..] = d.window.padding.map(i64::from);

        let out_row = place.row.checked_div(out_w)?;
        let image = i64::try_from(place.row.checked_div(out_w.checked_mul(out_h)?)?).ok()?;
        let corner = |out: u64, stride: u64, padding: i64| {
            i64::try_from(out.checked_mul(stride)?).ok()?.checked_sub(padding)
        };
        let y0 = corner(out_row.checked_rem(out_h)?, stride_h, top)?;
        let x0 = corner(place.row.checked_rem(out_w)?, stride_w, left)?;

        let mut found: Vec<Strip> = Vec::with_capacity(kernel_h as usize);
        for ky in 0..kernel_h {
            let y = ky.checked_mul(dilation_h)?.checked_add(y0)?;
            if !(0..height).contains(&y) {
                continue;
            }
            let pixels = image.checked_mul(height)?.checked_add(y)?.checked_mul(width)?;
            let taps = ky.checked_mul(kernel_w)?;
            let mut joined = false;
            for kx in 0..kernel_w {
                let x = kx.checked_mul(dilation_w)?.checked_add(x0)?;
                if !(0..width).contains(&x) {
                    continue;
                }
                match found.last_mut() {
                    Some(strip) if joined => strip.taps = strip.taps.checked_add(1)?,
                    _ => found.push(Strip {
                        tap: taps.checked_add(kx)?.cast_unsigned(),
                        taps: 1,
                        row: pixels.checked_add(x)?.cast_unsigned(),
                    }),
                }
                joined = dilation_w == 1;
            }
        }
        Some(found)
    };
    find().ok_or(RefereeError::WrongDescriptor)
}
