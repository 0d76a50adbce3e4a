//! clamp(zero point + floor((x * m + 2^(s-1)) / 2^s)), for int32 x. Reads the element at the same
//! place; per-channel m and s are the 8 bytes of its column.

use crate::{
    descriptor::{
        ensure, ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype,
    },
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator, SHIFTS},
    place::Place,
    reading::{element, element_run, pair, row_run, PAIR_BYTES},
    rounding::requantised,
    run::Run,
};

pub struct Requantise;

impl Operator for Requantise {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::constant(ConstantSlot::Channels, SlotDtype::Int32).per_channel(),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int32, Dtype::Int8), (Dtype::Int32, Dtype::Int32)],
        rounds: true,
        parameters: Parameters {
            zero_point_out: true,
            per_channel: true,
            axis: true,
            multiplier: true,
            shift: true,
            clamp: true,
            ..Parameters::NONE
        },
    };

    fn check_values(d: &Descriptor) -> Result<(), Fault> {
        if d.per_channel {
            return ensure(d.axis == 3 && d.multiplier == 0 && d.shift == 0, Fault::BadChannels);
        }
        ensure(d.axis == 0, Fault::BadChannels)?;
        ensure(d.multiplier >= 1 && SHIFTS.contains(&d.shift.into()), Fault::BadValue)
    }

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [x, table, _] = &d.input_shapes;
        Ok((!d.per_channel || *table == [1, 1, x[3], 2]) && d.output_shape == *x)
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let (table, runs) = if d.per_channel { (PAIR_BYTES, 2) } else { (0, 1) };
        Ok(Footprint { bytes: d.dtype_in.bytes().saturating_add(table), runs, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        let run = match slot {
            0 => element_run(d, *place, slot)?,
            _ => row_run(d, place.column, slot)?,
        };
        Ok(vec![run])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let x = element(d, place, operands, 0)?;
        let [multiplier, shift] = if d.per_channel {
            pair(d, place.column, operands, 1)?
        } else {
            [d.multiplier, d.shift.into()]
        };
        requantised(x, multiplier, shift, d)
    }
}
