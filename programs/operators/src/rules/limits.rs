//! Limits of what one output element may depend on.

use crate::{
    descriptor::{check_stored, elements, ensure, Descriptor, Fault},
    exact,
};

protocol::limits! {
    /// Maximum number of stored bytes that one output element may depend on.
    pub const MAX_OPERAND_BYTES: u64 = 8_192;
    /// Maximum number of contiguous runs in which those bytes may lie.
    pub const MAX_OPERAND_RUNS: u64 = 16;
}

pub(super) fn check(d: &Descriptor) -> Result<(), Fault> {
    for (slot, shape) in d.input_shapes.iter().enumerate() {
        if d.inputs.get(slot).is_some_and(Option::is_some) {
            check_stored(shape, d.input_dtype(slot))?;
        }
    }
    check_stored(&d.output_shape, d.dtype_out)?;

    let footprint = exact::footprint(d)?;
    ensure(footprint.bytes <= MAX_OPERAND_BYTES, Fault::OperandLimit)?;
    ensure(footprint.runs <= MAX_OPERAND_RUNS, Fault::RunLimit)?;
    let multiply_adds =
        elements(&d.output_shape).and_then(|count| count.checked_mul(footprint.taps));
    ensure(multiply_adds == Some(d.multiply_adds()), Fault::BadMultiplyAdds)
}
