//! The rules for descriptors that hold for every operator. The rules of a single operator are in
//! its file.

mod limits;

use crate::{
    descriptor::{
        ensure, Descriptor, Dtype, Fault, Input, Opcode, Raw, Shape, Signature, DESCRIPTOR_BYTES,
        DESCRIPTOR_VERSION,
    },
    exact,
};

impl Descriptor {
    /// Reads a descriptor and checks every rule that does not involve other operators. The chain
    /// can judge every descriptor that is accepted.
    pub fn parse(bytes: &[u8; DESCRIPTOR_BYTES]) -> Result<Self, Fault> {
        let raw = Raw(bytes);
        ensure(raw.version() == DESCRIPTOR_VERSION, Fault::BadVersion)?;
        let opcode = Opcode::from_code(raw.opcode()).ok_or(Fault::UnknownOpcode)?;
        let dtype_out = Dtype::from_code(raw.dtype_out()).ok_or(Fault::BadDtype)?;
        let signature = exact::signature(opcode, dtype_out);
        let descriptor = Self::decode(&raw, opcode, signature)?;
        check(&descriptor, signature)?;
        Ok(descriptor)
    }
}

fn check(d: &Descriptor, signature: &Signature) -> Result<(), Fault> {
    ensure(signature.dtypes.contains(&(d.dtype_in, d.dtype_out)), Fault::BadDtype)?;
    check_unused(d, signature)?;
    check_inputs(d, signature)?;
    check_values(d)?;
    check_shapes(d)?;
    limits::check(d)
}

fn check_unused(d: &Descriptor, signature: &Signature) -> Result<(), Fault> {
    let window = &d.window;
    let no_window = window.kernel == [0; 2]
        && window.stride == [0; 2]
        && window.dilation == [0; 2]
        && window.padding == [0; 4];
    let uses = &signature.parameters;
    let zero = (uses.window || no_window)
        && (uses.zero_points || (d.pad_value == 0 && d.zero_point_in == 0))
        && (uses.zero_point_out || d.zero_point_out == 0)
        && (uses.per_channel || !d.per_channel)
        && (uses.axis || d.axis == 0)
        && (uses.multiplier || d.multiplier == 0)
        && (uses.shift || d.shift == 0)
        && (uses.clamp || (d.clamp_low == 0 && d.clamp_high == 0));
    ensure(zero, Fault::ReservedNotZero)
}

fn check_inputs(d: &Descriptor, signature: &Signature) -> Result<(), Fault> {
    let mut used = [false; 3];
    for (slot, input) in signature.slots.iter().zip(&d.inputs) {
        match input {
            Some(Input::Constant(index)) => {
                let constant = slot.constant.map(|constant| constant as u32);
                ensure(constant == Some(*index), Fault::BadInputKind)?;
                if let Some(used) = used.get_mut(*index as usize) {
                    *used = true;
                }
            }
            Some(_) => ensure(slot.computed, Fault::BadInputKind)?,
            None => {}
        }
    }
    for (root, used) in d.roots.iter().zip(used) {
        match (used, *root == [0; 32]) {
            (true, true) => return Err(Fault::BadRoot),
            (false, false) => return Err(Fault::ReservedNotZero),
            _ => {}
        }
    }
    Ok(())
}

fn check_values(d: &Descriptor) -> Result<(), Fault> {
    let int8 = i32::from(i8::MIN)..=i32::from(i8::MAX);
    let points = [d.pad_value, d.zero_point_in, d.zero_point_out];
    ensure(points.iter().all(|point| int8.contains(point)), Fault::BadValue)?;
    if d.dtype_out == Dtype::Int8 {
        let clamps = [d.clamp_low, d.clamp_high];
        ensure(clamps.iter().all(|clamp| int8.contains(clamp)), Fault::BadValue)?;
    }
    ensure(d.clamp_low <= d.clamp_high, Fault::BadValue)?;
    exact::check_values(d)
}

fn check_shapes(d: &Descriptor) -> Result<(), Fault> {
    let full = |shape: &Shape| shape.iter().all(|axis| *axis != 0);
    for (shape, used) in d.input_shapes.iter().zip(d.inputs.iter().map(Option::is_some)) {
        ensure(!used || full(shape), Fault::BadShape)?;
    }
    ensure(full(&d.output_shape), Fault::BadShape)?;
    ensure(exact::shapes_fit(d)?, Fault::BadShape)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
