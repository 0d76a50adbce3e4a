//! (a - zero point) * (b - pad value), with b repeated along its axes of 1; the two fields are the
//! factors' zero points. Reads the element at the same place of a, and of b with index 0 along its
//! axes of 1.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator},
    place::{repeats, Place},
    reading::{repeated_element, repeated_run},
    run::Run,
};

pub struct Multiply;

impl Operator for Multiply {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::either(ConstantSlot::Weights, SlotDtype::Int8),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int8, Dtype::Int32)],
        rounds: false,
        parameters: Parameters { zero_points: true, ..Parameters::NONE },
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [a, b, _] = &d.input_shapes;
        Ok(repeats(b, a) && d.output_shape == *a)
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        Ok(Footprint { bytes: d.dtype_in.bytes().saturating_mul(2), runs: 2, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        Ok(vec![repeated_run(d, place, slot)?])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let [a, b] = [0, 1].map(|slot| repeated_element(d, place, operands, slot));
        Ok(a?.wrapping_sub(d.zero_point_in).wrapping_mul(b?.wrapping_sub(d.pad_value)))
    }
}
