//! (a - zero point) * (b - pad value), with b repeated along its axes of 1; the two fields are the
//! factors' zero points. Reads the element at the same place of a, and of b with index 0 along its
//! axes of 1. To int8 the product is requantised.

use crate::{
    descriptor::{
        ensure, ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype,
    },
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator, SHIFTS},
    place::{repeats, Place},
    reading::{repeated_element, repeated_run},
    rounding::requantised,
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

    const NARROWED: Option<Signature> = Some(Signature {
        slots: Self::SIGNATURE.slots,
        dtypes: &[(Dtype::Int8, Dtype::Int8)],
        rounds: true,
        parameters: Parameters {
            zero_points: true,
            zero_point_out: true,
            multiplier: true,
            shift: true,
            clamp: true,
            ..Parameters::NONE
        },
    });

    fn check_values(d: &Descriptor) -> Result<(), Fault> {
        let scaled = d.multiplier >= 1 && SHIFTS.contains(&d.shift.into());
        ensure(d.dtype_out == Dtype::Int32 || scaled, Fault::BadValue)
    }

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
        let product = a?.wrapping_sub(d.zero_point_in).wrapping_mul(b?.wrapping_sub(d.pad_value));
        match d.dtype_out {
            Dtype::Int32 => Ok(product),
            Dtype::Int8 => requantised(product, d.multiplier, d.shift.into(), d),
        }
    }
}
