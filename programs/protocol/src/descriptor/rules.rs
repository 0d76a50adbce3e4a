//! The rules of single fields; `shapes` and `limits` have the others.

use super::{limits, shapes, Descriptor, Dtype, Fault, Input, Opcode};

use Opcode::{Concat, Convolution, Depthwise, LayerNorm, Multiply, Relu, Requantise, Softmax};

pub(super) fn check(d: &Descriptor) -> Result<(), Fault> {
    d.opcode.check_dtypes(d.dtype_in, d.dtype_out)?;
    check_unused(d)?;
    check_inputs(d)?;
    check_values(d)?;
    shapes::check(d)?;
    limits::check(d)
}

pub(super) fn ensure(rule: bool, fault: Fault) -> Result<(), Fault> {
    if rule {
        Ok(())
    } else {
        Err(fault)
    }
}

fn check_unused(d: &Descriptor) -> Result<(), Fault> {
    let window = &d.window;
    let no_window = window.kernel == [0; 2]
        && window.stride == [0; 2]
        && window.dilation == [0; 2]
        && window.padding == [0; 4];
    let is = |users: &[Opcode]| users.contains(&d.opcode);
    let zero = (d.opcode.slides_a_window() || no_window)
        && (is(&[Convolution, Depthwise, Multiply]) || (d.pad_value == 0 && d.zero_point_in == 0))
        && (is(&[Requantise]) || (d.zero_point_out == 0 && !d.per_channel))
        && (is(&[Requantise, Concat]) || d.axis == 0)
        && (is(&[Requantise, Softmax]) || d.multiplier == 0)
        && (is(&[Requantise, Softmax, LayerNorm]) || d.shift == 0)
        && (is(&[Requantise, Relu]) || (d.clamp_low == 0 && d.clamp_high == 0));
    ensure(zero, Fault::ReservedNotZero)
}

fn check_inputs(d: &Descriptor) -> Result<(), Fault> {
    let mut used = [false; 3];
    for (slot, input) in d.inputs.iter().enumerate() {
        let (constant, otherwise) = d.opcode.slot(slot);
        match input {
            Some(Input::Constant(index)) => {
                ensure(constant == Some(*index), Fault::BadInputKind)?;
                if let Some(used) = used.get_mut(*index as usize) {
                    *used = true;
                }
            }
            Some(_) => ensure(otherwise, Fault::BadInputKind)?,
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
    let shifts = (1..=62).contains(&d.shift);
    match d.opcode {
        Requantise if d.per_channel => {
            ensure(d.axis == 3 && d.multiplier == 0 && d.shift == 0, Fault::BadChannels)
        }
        Requantise => {
            ensure(d.axis == 0, Fault::BadChannels)?;
            ensure(d.multiplier >= 1 && shifts, Fault::BadValue)
        }
        Softmax => ensure(d.multiplier >= 1 && shifts, Fault::BadValue),
        LayerNorm => ensure(shifts, Fault::BadValue),
        Concat => ensure(d.axis <= 3, Fault::BadValue),
        _ => Ok(()),
    }
}
