//! The window that a convolution, a depthwise convolution and a max pool slide over an image.

use std::ops::Range;

use crate::{
    descriptor::{Descriptor, Fault},
    error::OperatorError,
    layout::Layout,
    place::Place,
    run::Run,
};

/// Returns the number of taps of the kernel.
pub fn area(d: &Descriptor) -> u64 {
    let [height, width] = d.window.kernel.map(u64::from);
    height.saturating_mul(width)
}

/// Returns the output height and width: floor((size + padding - extent) / stride) + 1.
pub fn outputs(d: &Descriptor) -> Result<[u32; 2], Fault> {
    let window = &d.window;
    let [top, left, bottom, right] = window.padding;
    let mut outputs = [0; 2];
    for (axis, (before, after)) in [(top, bottom), (left, right)].into_iter().enumerate() {
        let size = d.input_shapes[0].get(axis.saturating_add(1)).copied().unwrap_or(0);
        outputs[axis] = axis_outputs(
            [window.kernel[axis], window.stride[axis], window.dilation[axis]].map(u64::from),
            [before, after].map(u64::from),
            u64::from(size),
        )
        .ok_or(Fault::BadWindow)?;
    }
    Ok(outputs)
}

fn axis_outputs(
    [kernel, stride, dilation]: [u64; 3],
    [before, after]: [u64; 2],
    size: u64,
) -> Option<u32> {
    if dilation == 0 {
        return None;
    }
    let extent = dilation.checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
    if before >= extent || after >= extent {
        return None;
    }
    let last = size.checked_add(before)?.checked_add(after)?.checked_sub(extent)?;
    u32::try_from(last.checked_div(stride)?.checked_add(1)?).ok()
}

/// Returns the run of the weights of all taps of one output channel.
pub fn filter(d: &Descriptor, layout: &Layout, place: &Place) -> Run {
    let taps = area(d);
    layout.rows(place.column.saturating_mul(taps), taps)
}

/// Returns the element of the output's channel under each tap inside the image, with one run per
/// tap.
pub fn channel_runs(
    d: &Descriptor,
    layout: &Layout,
    place: &Place,
) -> Result<Vec<Run>, OperatorError> {
    let pixels = strips(d, place)?.into_iter().flat_map(|s| s.row..s.row.saturating_add(s.taps));
    Ok(pixels.map(|row| layout.elements(Place { row, ..*place }, 1)).collect())
}

/// Taps of one output element that are adjacent in a row of the image and lie inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strip {
    /// Index of the first tap in the kernel, counted row by row.
    pub tap: u64,
    pub taps: u64,
    /// The input's row, which is its pixel, under the first tap.
    pub row: u64,
}

/// Returns the taps inside the image in ascending order. With a dilation of the width above 1, no
/// two taps are adjacent.
pub fn strips(d: &Descriptor, place: &Place) -> Result<Vec<Strip>, OperatorError> {
    collect(d, place).ok_or(OperatorError::WrongDescriptor)
}

fn collect(d: &Descriptor, place: &Place) -> Option<Vec<Strip>> {
    let [_, height, width, _] = d.input_shapes[0].map(u64::from);
    let [_, out_h, out_w, _] = d.output_shape.map(u64::from);
    let [top, left, ..] = d.window.padding;
    let kernel_w = u64::from(d.window.kernel[1]);

    let out_row = place.row.checked_div(out_w)?;
    let image = out_row.checked_div(out_h)?;
    let down = Axis::new(d, 0, out_row.checked_rem(out_h)?, top, height)?;
    let across = Axis::new(d, 1, place.row.checked_rem(out_w)?, left, width)?;
    let taps = across.inside.end.saturating_sub(across.inside.start);
    let joined = if across.dilation == 1 { taps } else { 1 };

    let mut found = Vec::with_capacity(d.window.kernel[0].into());
    for ky in down.inside.clone() {
        let y = image.checked_mul(height)?.checked_add(down.at(ky)?)?;
        for kx in across.inside.clone().step_by(joined.max(1) as usize) {
            found.push(Strip {
                tap: ky.checked_mul(kernel_w)?.checked_add(kx)?,
                taps: joined,
                row: y.checked_mul(width)?.checked_add(across.at(kx)?)?,
            });
        }
    }
    Some(found)
}

/// The positions of one output element's taps along one axis of the image.
struct Axis {
    /// Position of tap 0, shifted by `padding` so that it is not negative.
    start: u64,
    padding: u64,
    dilation: u64,
    /// The taps inside the image.
    inside: Range<u64>,
}

impl Axis {
    fn new(d: &Descriptor, axis: usize, out: u64, padding: u16, size: u64) -> Option<Self> {
        let [kernel, stride, dilation] =
            [d.window.kernel, d.window.stride, d.window.dilation].map(|pair| u64::from(pair[axis]));
        let padding = u64::from(padding);
        let start = out.checked_mul(stride)?;
        let taps_before = |position: u64| {
            position.saturating_sub(start).checked_next_multiple_of(dilation)?.checked_div(dilation)
        };
        let first = taps_before(padding)?;
        let end = taps_before(padding.checked_add(size)?)?.min(kernel);
        Some(Self { start, padding, dilation, inside: first..end })
    }

    fn at(&self, tap: u64) -> Option<u64> {
        tap.checked_mul(self.dilation)?.checked_add(self.start)?.checked_sub(self.padding)
    }
}
