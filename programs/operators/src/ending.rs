//! What becomes of a sum of int8 products, by the dtype of the output. An int32 output is the sum
//! plus an optional bias, one int32 per output channel. An int8 output is requantised at once: the
//! third input then has a row of bias, multiplier and shift per output channel.

use crate::{
    descriptor::{
        row_stride, ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype,
    },
    error::OperatorError,
    layout::integer,
    operand::Operand,
    operator::Footprint,
    place::Place,
    reading::{input, row},
    rounding::requantised,
    run::Run,
};

pub const BIAS: Slot = Slot::constant(ConstantSlot::BiasOrTable, SlotDtype::Int32).optional();
const SCALES: Slot = Slot::constant(ConstantSlot::Channels, SlotDtype::Int32);
const INDEX: usize = 2;
/// Bias, multiplier and shift.
const COLUMNS: u32 = 3;

/// Returns the signature of the form to int8 of a product with this signature.
pub const fn narrowed(plain: &Signature) -> Signature {
    let [x, weights, _] = plain.slots;
    Signature {
        slots: [x, weights, SCALES],
        dtypes: &[(Dtype::Int8, Dtype::Int8)],
        rounds: true,
        parameters: Parameters { zero_point_out: true, clamp: true, ..plain.parameters },
    }
}

/// Returns whether the third input has one entry per channel, or is absent.
pub fn fits(d: &Descriptor, channels: u32) -> bool {
    let expected = match d.dtype_out {
        Dtype::Int32 => [1, 1, 1, channels],
        Dtype::Int8 => [1, 1, channels, COLUMNS],
    };
    d.inputs[INDEX].is_none() || d.input_shapes[INDEX] == expected
}

/// Returns the footprint of the products plus that of the third input, if the operator has one.
pub fn counted(d: &Descriptor, products: Footprint) -> Result<Footprint, Fault> {
    if d.inputs[INDEX].is_none() {
        return Ok(products);
    }
    let size = Dtype::Int32.bytes();
    let bytes = match d.dtype_out {
        Dtype::Int32 => size,
        Dtype::Int8 => {
            row_stride(size.saturating_mul(COLUMNS.into())).ok_or(Fault::OperandLimit)?
        }
    };
    Ok(Footprint {
        bytes: products.bytes.saturating_add(bytes),
        runs: products.runs.saturating_add(1),
        ..products
    })
}

/// Returns the run of the third input's entry for an output channel.
pub fn run(d: &Descriptor, place: &Place) -> Result<Run, OperatorError> {
    let layout = input(d, INDEX)?;
    Ok(match d.dtype_out {
        Dtype::Int32 => layout.elements(Place { row: 0, column: place.column }, 1),
        Dtype::Int8 => layout.rows(place.column, 1),
    })
}

/// Returns the output's element: a sum of products plus the bias, if there is one, wrapped to int32
/// and, for an int8 output, requantised.
pub fn ended(
    sum: i64,
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
) -> Result<i32, OperatorError> {
    if d.dtype_out == Dtype::Int8 {
        return narrow(sum, d, place, &operands[INDEX]);
    }
    if d.inputs[INDEX].is_none() {
        return Ok(sum as i32);
    }
    let bias = integer(operands[INDEX].bytes(run(d, place)?)?, Dtype::Int32)?;
    Ok(sum.wrapping_add(bias.into()) as i32)
}

fn narrow(sum: i64, d: &Descriptor, place: &Place, scales: &Operand) -> Result<i32, OperatorError> {
    let entry = row(&input(d, INDEX)?, place.column, scales)?;
    let &[bias, multiplier, shift] = entry.as_chunks::<4>().0 else {
        return Err(OperatorError::WrongLength);
    };
    let sum = sum.wrapping_add(i32::from_le_bytes(bias).into()) as i32;
    requantised(sum, i32::from_le_bytes(multiplier), i32::from_le_bytes(shift), d)
}
