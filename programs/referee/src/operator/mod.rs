//! One file an operator: the runs of each operand that an element needs, and its value from them.

mod add;
mod argmax;
mod convolution;
mod lookup;
mod matmul;
mod max_pool;
mod relu;
mod requantise;

use protocol::descriptor::{Descriptor, Opcode};

use crate::{
    layout::{integer, Layout, Place},
    operand::{Operand, Run},
    RefereeError,
};

/// Ascending runs of the input in `slot`, which is in use.
pub fn runs(d: &Descriptor, place: &Place, slot: usize) -> Result<Vec<Run>, RefereeError> {
    let layout = input(d, slot)?;
    match d.opcode {
        Opcode::Matmul => Ok(vec![matmul::run(&layout, place, slot)]),
        Opcode::Convolution => convolution::runs(d, &layout, place, slot),
        Opcode::Requantise => Ok(vec![requantise::run(&layout, place, slot)]),
        Opcode::Relu | Opcode::Add => Ok(vec![layout.elements(*place, 1)]),
        Opcode::MaxPool => max_pool::runs(d, &layout, place),
        Opcode::Lookup => Ok(vec![lookup::run(&layout, place, slot)]),
        Opcode::Argmax => Ok(vec![layout.rows(place.row, 1)]),
    }
}

/// What the output's element at `place` must be.
pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, RefereeError> {
    match d.opcode {
        Opcode::Matmul => matmul::value(d, place, operands),
        Opcode::Convolution => convolution::value(d, place, operands),
        Opcode::Requantise => requantise::value(d, place, operands),
        Opcode::Relu => relu::value(d, place, operands),
        Opcode::Add => add::value(d, place, operands),
        Opcode::MaxPool => max_pool::value(d, place, operands),
        Opcode::Lookup => lookup::value(d, place, operands),
        Opcode::Argmax => argmax::value(d, place, operands),
    }
}

fn input(d: &Descriptor, slot: usize) -> Result<Layout, RefereeError> {
    Layout::of(&d.input_shapes[slot], d.input_dtype(slot))
}

/// The element of an operand at the output's own place.
fn same_place(
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
    slot: usize,
) -> Result<i32, RefereeError> {
    let layout = input(d, slot)?;
    integer(operands[slot].bytes(layout.elements(*place, 1))?, layout.dtype)
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
