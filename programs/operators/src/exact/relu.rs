//! min(max(x, low), high). Reads the element at the same place.

use crate::{
    descriptor::{Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    reading::{element, element_run},
    run::Run,
};

pub struct Relu;

impl Operator for Relu {
    const SIGNATURE: Signature = Signature {
        slots: [Slot::computed(SlotDtype::Input), Slot::UNUSED, Slot::UNUSED],
        dtypes: &[(Dtype::Int8, Dtype::Int8), (Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters { clamp: true, ..Parameters::NONE },
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        Ok(d.output_shape == d.input_shapes[0])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        Ok(Footprint { bytes: d.dtype_in.bytes(), runs: 1, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        Ok(vec![element_run(d, *place, slot)?])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        Ok(element(d, place, operands, 0)?.max(d.clamp_low).min(d.clamp_high))
    }
}
