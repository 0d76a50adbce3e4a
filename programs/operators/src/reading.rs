//! Reads what most operators need from an operand: one element, or the elements of one row.

use crate::{
    descriptor::{Descriptor, Dtype},
    error::OperatorError,
    layout::{integer, Layout},
    operand::Operand,
    place::{broadcast, Place},
    run::Run,
};

/// Returns the layout of the input in `slot`.
pub fn input(d: &Descriptor, slot: usize) -> Result<Layout, OperatorError> {
    Layout::of(&d.input_shapes[slot], d.input_dtype(slot))
}

/// Returns the run of the element at `place` of the input in `slot`.
pub fn element_run(d: &Descriptor, place: Place, slot: usize) -> Result<Run, OperatorError> {
    Ok(input(d, slot)?.elements(place, 1))
}

/// Returns the run of one row, including padding, of the input in `slot`.
pub fn row_run(d: &Descriptor, row: u64, slot: usize) -> Result<Run, OperatorError> {
    Ok(input(d, slot)?.rows(row, 1))
}

/// Returns the element at `place` of the operand in `slot`.
pub fn element(
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
    slot: usize,
) -> Result<i32, OperatorError> {
    let layout = input(d, slot)?;
    integer(operands[slot].bytes(layout.elements(*place, 1))?, layout.dtype)
}

/// Returns the run of the element that an output element reads, repeated along axes of 1.
pub fn repeated_run(d: &Descriptor, place: &Place, slot: usize) -> Result<Run, OperatorError> {
    element_run(d, broadcast(&d.output_shape, &d.input_shapes[slot], place)?, slot)
}

/// Returns the element that an output element reads, repeated along axes of 1.
pub fn repeated_element(
    d: &Descriptor,
    place: &Place,
    operands: &[Operand; 3],
    slot: usize,
) -> Result<i32, OperatorError> {
    let from = broadcast(&d.output_shape, &d.input_shapes[slot], place)?;
    element(d, &from, operands, slot)
}

/// Returns the bytes of one row's elements.
pub fn row<'a>(
    layout: &Layout,
    row: u64,
    operand: &Operand<'a>,
) -> Result<&'a [u8], OperatorError> {
    operand.bytes(layout.elements(Place { row, column: 0 }, layout.columns))
}

pub fn int8s(row: &[u8]) -> impl Iterator<Item = i32> + Clone + '_ {
    row.iter().map(|byte| byte.cast_signed().into())
}

pub fn int32s(row: &[u8]) -> impl Iterator<Item = i32> + Clone + '_ {
    row.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes))
}

/// Stored bytes of the two int32 that a table holds for each channel.
pub const PAIR_BYTES: u64 = 2 * Dtype::Int32.bytes();

/// Returns the two int32 that the table in `slot` holds for a channel.
pub fn pair(
    d: &Descriptor,
    channel: u64,
    operands: &[Operand; 3],
    slot: usize,
) -> Result<[i32; 2], OperatorError> {
    let table = input(d, slot)?;
    let entry = operands[slot].bytes(table.rows(channel, 1))?;
    let (first, second) = entry.split_at(table.dtype.bytes() as usize);
    Ok([integer(first, table.dtype)?, integer(second, table.dtype)?])
}
