//! The operators, one per file, and the functions that find the one for an opcode. The build script
//! lists this folder: a file without an opcode does not compile, and neither does an opcode without
//! a file.

use crate::{
    descriptor::{Descriptor, Dtype, Fault, Opcode, Signature},
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    run::Run,
};

include!(concat!(env!("OUT_DIR"), "/exact.rs"));

modules!();

/// Returns the signature of an operator's descriptors with this output.
pub fn signature(opcode: Opcode, output: Dtype) -> &'static Signature {
    dispatch!(opcode, Found => match (&Found::NARROWED, output) {
        (Some(narrowed), Dtype::Int8) => narrowed,
        _ => &Found::SIGNATURE,
    })
}

pub fn check_values(d: &Descriptor) -> Result<(), Fault> {
    dispatch!(d.opcode, Found => Found::check_values(d))
}

pub fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
    dispatch!(d.opcode, Found => Found::shapes_fit(d))
}

pub fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
    dispatch!(d.opcode, Found => Found::footprint(d))
}

/// Returns the bytes of the input in `slot` that the element at `place` depends on, as runs in
/// ascending order. The input is in use, and `operands` are the inputs before it.
pub fn runs(
    d: &Descriptor,
    place: &Place,
    slot: usize,
    operands: &[Operand; 3],
) -> Result<Vec<Run>, OperatorError> {
    dispatch!(d.opcode, Found => Found::runs(d, place, slot, operands))
}

/// Returns the value that the output's element at `place` must have.
pub fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
    dispatch!(d.opcode, Found => Found::value(d, place, operands))
}
