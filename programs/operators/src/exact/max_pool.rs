//! The largest of the taps inside the image; registration ensures that there is one. Reads the
//! element of the channel under each of them.

use crate::{
    descriptor::{ensure, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    layout::integer,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    reading::input,
    run::Run,
    window::{area, channel_runs, outputs},
};

pub struct MaxPool;

impl Operator for MaxPool {
    const SIGNATURE: Signature = Signature {
        slots: [Slot::computed(SlotDtype::Input), Slot::UNUSED, Slot::UNUSED],
        dtypes: &[(Dtype::Int8, Dtype::Int8)],
        rounds: false,
        parameters: Parameters { window: true, ..Parameters::NONE },
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        ensure(d.window.dilation == [1, 1], Fault::BadWindow)?;
        let [height, width] = outputs(d)?;
        let [n, _, _, channels] = d.input_shapes[0];
        Ok(d.output_shape == [n, height, width, channels])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let taps = area(d);
        Ok(Footprint { bytes: taps, runs: taps, taps })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        channel_runs(d, &input(d, slot)?, place)
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let layout = input(d, 0)?;
        let mut largest = i32::from(i8::MIN);
        for run in channel_runs(d, &layout, place)? {
            largest = largest.max(integer(operands[0].bytes(run)?, layout.dtype)?);
        }
        Ok(largest)
    }
}
