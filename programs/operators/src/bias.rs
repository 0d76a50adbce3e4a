//! The optional third input of a sum of products: one int32 per output channel.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Slot, SlotDtype},
    error::OperatorError,
    layout::{integer, Layout},
    operand::Operand,
    operator::Footprint,
    place::Place,
    reading::input,
    run::Run,
};

pub const SLOT: Slot = Slot::constant(ConstantSlot::BiasOrTable, SlotDtype::Int32).optional();
const INDEX: usize = 2;

/// Returns whether the bias has one value per channel, or is absent.
pub fn fits(d: &Descriptor, channels: u32) -> bool {
    d.inputs[INDEX].is_none() || d.input_shapes[INDEX] == [1, 1, 1, channels]
}

/// Returns the footprint of the products plus that of the bias, if the operator has one.
pub fn counted(d: &Descriptor, products: Footprint) -> Footprint {
    if d.inputs[INDEX].is_none() {
        return products;
    }
    Footprint {
        bytes: products.bytes.saturating_add(Dtype::Int32.bytes()),
        runs: products.runs.saturating_add(1),
        ..products
    }
}

/// Returns the run of the bias of an output channel.
pub fn run(d: &Descriptor, place: &Place) -> Result<Run, OperatorError> {
    Ok(channel(&input(d, INDEX)?, place))
}

fn channel(layout: &Layout, place: &Place) -> Run {
    layout.elements(Place { row: 0, column: place.column }, 1)
}

/// Returns a sum of products plus the bias, if the operator has one, wrapped to int32.
pub fn added(
    sum: i64,
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
) -> Result<i32, OperatorError> {
    if d.inputs[INDEX].is_none() {
        return Ok(sum as i32);
    }
    let layout = input(d, INDEX)?;
    let bias = integer(operands[INDEX].bytes(channel(&layout, place))?, layout.dtype)?;
    Ok(sum.wrapping_add(bias.into()) as i32)
}
