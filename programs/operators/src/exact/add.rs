//! a + b modulo 2^32, with b repeated along its axes of 1. Reads the element at the same place of
//! a, and of b with index 0 along its axes of 1.
//!
//! Of int8, the sum of (a - zero point) * m_a and (b - pad value) * m_b, rounded as in requantise. It
//! also reads the 8 bytes of m_a and m_b, which may have any value: |x - zero point| < 2^8, so the sum
//! stays below 2^41.

use crate::{
    descriptor::{
        ensure, ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype,
    },
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator, SHIFTS},
    place::{repeats, Place},
    reading::{pair, repeated_element, repeated_run, row_run, PAIR_BYTES},
    rounding::rounded,
    run::Run,
};

/// The input that holds the multiplier of each term.
const MULTIPLIERS: usize = 2;

pub struct Add;

impl Operator for Add {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::either(ConstantSlot::Weights, SlotDtype::Int32),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters::NONE,
    };

    const NARROWED: Option<Signature> = Some(Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::either(ConstantSlot::Weights, SlotDtype::Int8),
            Slot::constant(ConstantSlot::Channels, SlotDtype::Int32),
        ],
        dtypes: &[(Dtype::Int8, Dtype::Int8)],
        rounds: true,
        parameters: Parameters {
            zero_points: true,
            zero_point_out: true,
            shift: true,
            clamp: true,
            ..Parameters::NONE
        },
    });

    fn check_values(d: &Descriptor) -> Result<(), Fault> {
        ensure(d.dtype_out == Dtype::Int32 || SHIFTS.contains(&d.shift.into()), Fault::BadValue)
    }

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [a, b, multipliers] = &d.input_shapes;
        let table = d.dtype_out == Dtype::Int32 || *multipliers == [1, 1, 1, 2];
        Ok(table && repeats(b, a) && d.output_shape == *a)
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let (table, runs) = if d.dtype_out == Dtype::Int8 { (PAIR_BYTES, 3) } else { (0, 2) };
        let terms = d.dtype_in.bytes().saturating_mul(2);
        Ok(Footprint { bytes: terms.saturating_add(table), runs, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        Ok(vec![if slot == MULTIPLIERS {
            row_run(d, 0, slot)?
        } else {
            repeated_run(d, place, slot)?
        }])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let [a, b] = [0, 1].map(|slot| repeated_element(d, place, operands, slot));
        if d.dtype_out == Dtype::Int32 {
            return Ok(a?.wrapping_add(b?));
        }
        let [of_a, of_b] = pair(d, 0, operands, MULTIPLIERS)?.map(i64::from);
        let a = i64::from(a?).wrapping_sub(d.zero_point_in.into()).wrapping_mul(of_a);
        let b = i64::from(b?).wrapping_sub(d.pad_value.into()).wrapping_mul(of_b);
        Ok(rounded(a.wrapping_add(b), d.shift.into(), d))
    }
}
