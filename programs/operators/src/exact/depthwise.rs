//! out = bias[c] + sum over taps of (x - zero point) * w[c], with x = pad value outside the image.
//! Reads the element of the channel under each tap inside the image, all taps of the channel's
//! filter, one byte each, and 4 bytes of bias. To int8 the sum is requantised, and 16 bytes of bias,
//! multiplier and shift are read instead.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    ending::{self, counted, ended, fits, narrowed, BIAS},
    error::OperatorError,
    layout::integer,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    reading::input,
    run::Run,
    window::{area, channel_runs, filter, outputs, strips},
};

pub struct Depthwise;

impl Operator for Depthwise {
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
        Ok(weights == [channels, kernel_h, kernel_w, 1]
            && fits(d, channels)
            && d.output_shape == [n, height, width, channels])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let taps = area(d);
        let products =
            Footprint { bytes: taps.saturating_mul(2), runs: taps.saturating_add(1), taps };
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
            0 => channel_runs(d, &layout, place),
            1 => Ok(vec![filter(d, &layout, place)]),
            _ => Ok(vec![ending::run(d, place)?]),
        }
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let layout = input(d, 0)?;
        let weights = operands[1].bytes(filter(d, &input(d, 1)?, place))?;
        let product = |x: i32, w: u8| {
            i64::from(x).wrapping_sub(d.zero_point_in.into()).wrapping_mul(w.cast_signed().into())
        };
        // every tap counts as if it lay outside, then the taps inside add their difference
        let mut sum =
            weights.iter().fold(0i64, |sum, w| sum.wrapping_add(product(d.pad_value, *w)));
        for strip in strips(d, place)? {
            let pixels = strip.row..strip.row.saturating_add(strip.taps);
            for (row, tap) in pixels.zip(strip.tap..) {
                let run = layout.elements(Place { row, ..*place }, 1);
                let x = integer(operands[0].bytes(run)?, layout.dtype)?;
                let w = *weights.get(tap as usize).ok_or(OperatorError::WrongLength)?;
                sum = sum.wrapping_add(product(x, w)).wrapping_sub(product(d.pad_value, w));
            }
        }
        ended(sum, d, place, operands)
    }
}
