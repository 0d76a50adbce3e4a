//! One file an operator: the runs of each operand that an element needs, and its value from them.

mod add;
mod argmax;
mod as_strided;
mod concat;
mod convolution;
mod depthwise;
mod gather;
mod layer_norm;
mod lookup;
mod matmul;
mod max_pool;
mod multiply;
mod reduce_sum;
mod relu;
mod requantise;
mod softmax;

use protocol::descriptor::{Descriptor, Opcode};

use crate::{
    indices::broadcast,
    layout::{integer, Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

/// Ascending runs of the input in `slot`, which is in use; `operands` are those before it.
pub fn runs(
    d: &Descriptor,
    place: &Place,
    slot: usize,
    operands: &[Operand; 3],
) -> Result<Vec<Run>, RefereeError> {
    let layout = input(d, slot)?;
    Ok(match d.opcode {
        Opcode::Matmul => vec![matmul::run(d, &layout, place, slot)?],
        Opcode::Convolution => convolution::runs(d, &layout, place, slot)?,
        Opcode::Depthwise => depthwise::runs(d, &layout, place, slot)?,
        Opcode::Requantise => vec![requantise::run(&layout, place, slot)],
        Opcode::Relu => vec![layout.elements(*place, 1)],
        Opcode::Add | Opcode::Multiply => {
            let from = broadcast(&d.output_shape, &d.input_shapes[slot], place)?;
            vec![layout.elements(from, 1)]
        }
        Opcode::MaxPool => max_pool::runs(d, &layout, place)?,
        Opcode::Lookup => vec![lookup::run(&layout, place, slot)],
        Opcode::Argmax | Opcode::Softmax | Opcode::ReduceSum => vec![layout.rows(place.row, 1)],
        Opcode::LayerNorm => vec![layer_norm::run(&layout, place, slot)],
        Opcode::AsStrided => vec![as_strided::run(d, &layout, place)?],
        Opcode::Concat => concat::runs(d, &layout, place, slot)?,
        Opcode::Gather => vec![gather::run(d, &layout, place, slot, operands)?],
    })
}

/// What the output's element at `place` must be.
pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    match d.opcode {
        Opcode::Matmul => matmul::value(d, place, operands),
        Opcode::Convolution => convolution::value(d, place, operands),
        Opcode::Depthwise => depthwise::value(d, place, operands),
        Opcode::Requantise => requantise::value(d, place, operands),
        Opcode::Relu => relu::value(d, place, operands),
        Opcode::Add => add::value(d, place, operands),
        Opcode::Multiply => multiply::value(d, place, operands),
        Opcode::MaxPool => max_pool::value(d, place, operands),
        Opcode::Lookup => lookup::value(d, place, operands),
        Opcode::Argmax => argmax::value(d, place, operands),
        Opcode::Softmax => softmax::value(d, place, operands),
        Opcode::LayerNorm => layer_norm::value(d, place, operands),
        Opcode::ReduceSum => reduce_sum::value(d, place, operands),
        Opcode::AsStrided => as_strided::value(d, place, operands),
        Opcode::Concat => concat::value(d, place, operands),
        Opcode::Gather => gather::value(d, place, operands),
    }
}

fn input(d: &Descriptor, slot: usize) -> Result<Layout, RefereeError> {
    Layout::of(&d.input_shapes[slot], d.input_dtype(slot))
}

fn element(
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
    slot: usize,
) -> Result<i32, RefereeError> {
    let layout = input(d, slot)?;
    integer(operands[slot].bytes(layout.elements(*place, 1))?, layout.dtype)
}

/// The element of an operand that an element of the output reads, repeated along axes of 1.
fn broadcast_element(
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
    slot: usize,
) -> Result<i32, RefereeError> {
    let from = broadcast(&d.output_shape, &d.input_shapes[slot], place)?;
    element(d, &from, operands, slot)
}

/// The bytes of one row's elements.
fn row<'a>(layout: &Layout, row: u64, operand: &Operand<'a>) -> Result<&'a [u8], RefereeError> {
    operand.bytes(layout.elements(Place { row, column: 0 }, layout.columns))
}

fn int8s(row: &[u8]) -> impl Iterator<Item = i32> + Clone + '_ {
    row.iter().map(|byte| byte.cast_signed().into())
}

fn int32s(row: &[u8]) -> impl Iterator<Item = i32> + Clone + '_ {
    row.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes))
}

/// Where the bias of an output channel lies.
fn bias_run(layout: &Layout, place: &Place) -> Run {
    layout.elements(Place { row: 0, column: place.column }, 1)
}

/// A sum of products plus the bias, if the operator has one, wrapped to int32.
fn with_bias(
    sum: i64,
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
) -> Result<i32, RefereeError> {
    if d.inputs[2].is_none() {
        return Ok(sum as i32);
    }
    let layout = input(d, 2)?;
    let bias = integer(operands[2].bytes(bias_run(&layout, place))?, layout.dtype)?;
    Ok(sum.wrapping_add(bias.into()) as i32)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
