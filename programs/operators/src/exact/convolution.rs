//! out = bias[o] + sum over taps and channels of (x - zero point) * w, with x = pad value outside
//! the image. Reads the pixels under each kernel row's taps inside the image (tap by tap if the
//! dilation of the width is above 1), all taps of the output channel's filter, and 4 bytes of bias.
//! To int8 the sum is requantised, and 16 bytes of bias, multiplier and shift are read instead.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    dot::dot,
    ending::{self, counted, ended, fits, narrowed, BIAS},
    error::OperatorError,
    layout::Layout,
    operand::Operand,
    operator::{stored_row, Footprint, Operator},
    place::Place,
    reading::input,
    run::Run,
    window::{area, filter, outputs, strips},
};

pub struct Convolution;

impl Operator for Convolution {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::constant(ConstantSlot::Weights, SlotDtype::Int8),
            BIAS,
        ],
        dtypes: &[(Dtype::Int8, Dtype::Int32)],
        rounds: false,
        parameters: Parameters { window: true, zero_points: true, ..Parameters::NONE },
    };

    const NARROWED: Option<Signature> = Some(narrowed(&Self::SIGNATURE));

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [height, width] = outputs(d)?;
        let [kernel_h, kernel_w] = d.window.kernel.map(u32::from);
        let [[n, _, _, channels], weights, _] = d.input_shapes;
        let filters = weights[0];
        Ok(weights == [filters, kernel_h, kernel_w, channels]
            && fits(d, filters)
            && d.output_shape == [n, height, width, filters])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let area = area(d);
        let rows = if d.window.dilation[1] > 1 { area } else { d.window.kernel[0].into() };
        let products = Footprint {
            bytes: area.saturating_mul(stored_row(d)?).saturating_mul(2),
            runs: rows.saturating_add(1),
            taps: area.saturating_mul(d.input_shapes[0][3].into()),
        };
        counted(d, products)
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        let layout = input(d, slot)?;
        match slot {
            0 => Ok(strips(d, place)?.iter().map(|s| layout.rows(s.row, s.taps)).collect()),
            1 => Ok(vec![filter(d, &layout, place)]),
            _ => Ok(vec![ending::run(d, place)?]),
        }
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let layout = input(d, 0)?;
        let weights = operands[1].bytes(filter(d, &input(d, 1)?, place))?;
        let mut sum = 0i64;
        // the sum of (x - pad) w over the taps inside, and of (pad - zero point) w over all taps
        for strip in strips(d, place)? {
            let x = operands[0].bytes(layout.rows(strip.row, strip.taps))?;
            let Run { start, bytes } = layout.rows(strip.tap, strip.taps);
            let w = weights
                .get(start as usize..start.saturating_add(bytes) as usize)
                .ok_or(OperatorError::WrongLength)?;
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
        ended(sum, d, place, operands)
    }
}

/// Returns the channels of each pixel, or of all pixels at once if no padding lies between them.
fn pixels<'a>(stored: &'a [u8], layout: &Layout) -> impl Iterator<Item = &'a [u8]> {
    let (stride, channels) = (layout.stride as usize, layout.columns as usize);
    let (stride, channels) =
        if stride == channels { (stored.len().max(1), stored.len()) } else { (stride, channels) };
    stored.chunks_exact(stride).map(move |pixel| &pixel[..channels])
}
