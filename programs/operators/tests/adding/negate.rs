//! -x modulo 2^32. Reads the element at the same place.

use crate::{
    descriptor::{Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    reading::{element, element_run},
    run::Run,
};

pub struct Negate;

impl Operator for Negate {
    const SIGNATURE: Signature = Signature {
        slots: [Slot::computed(SlotDtype::Input), Slot::UNUSED, Slot::UNUSED],
        dtypes: &[(Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters::NONE,
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
        Ok(element(d, place, operands, 0)?.wrapping_neg())
    }
}
