//! What an output element depends on, and how much that may be.

use super::{
    rules::ensure,
    tensor::{check_stored, elements, row_stride},
    Descriptor, Fault, Opcode,
};

crate::limits! {
    /// Maximum number of stored bytes that one output element may depend on.
    pub const MAX_OPERAND_BYTES: u64 = 8_192;
    /// Maximum number of contiguous runs in which those bytes may lie.
    pub const MAX_OPERAND_RUNS: u64 = 16;
}
const BIAS_BYTES: u64 = 4;
/// A channel's pair of int32.
const PAIR_BYTES: u64 = 8;

pub(super) fn check(d: &Descriptor) -> Result<(), Fault> {
    for (slot, shape) in d.input_shapes.iter().enumerate() {
        if d.inputs.get(slot).is_some_and(Option::is_some) {
            check_stored(shape, d.input_dtype(slot))?;
        }
    }
    check_stored(&d.output_shape, d.dtype_out)?;

    let operands = operands(d)?;
    ensure(operands.bytes <= MAX_OPERAND_BYTES, Fault::OperandLimit)?;
    ensure(operands.runs <= MAX_OPERAND_RUNS, Fault::RunLimit)?;
    let multiply_adds =
        elements(&d.output_shape).and_then(|count| count.checked_mul(operands.taps));
    ensure(multiply_adds == Some(d.multiply_adds), Fault::BadMultiplyAdds)
}

/// What one output element depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operands {
    /// Stored bytes, row padding included.
    pub bytes: u64,
    /// Contiguous runs they lie in.
    pub runs: u64,
    /// Multiply-adds, or what the operator counts as such.
    pub taps: u64,
}

/// Tensors of at most 2^30 bytes keep every product here far from u64's end.
pub(super) fn operands(d: &Descriptor) -> Result<Operands, Fault> {
    let channels = u64::from(d.input_shapes[0][3]);
    let [kernel_h, kernel_w] = d.window.kernel.map(u64::from);
    let area = kernel_h.saturating_mul(kernel_w);
    let row = || {
        let bytes = channels.saturating_mul(d.dtype_in.bytes());
        row_stride(bytes).ok_or(Fault::OperandLimit)
    };
    let (bytes, runs, taps) = match d.opcode {
        Opcode::Matmul => (row()?.saturating_mul(2), 2, channels),
        Opcode::Convolution => {
            let bytes = area.saturating_mul(row()?).saturating_mul(2);
            let runs = if d.window.dilation[1] > 1 { area } else { kernel_h };
            (bytes, runs.saturating_add(1), area.saturating_mul(channels))
        }
        Opcode::Depthwise => (area.saturating_mul(2), area.saturating_add(1), area),
        Opcode::Requantise if d.per_channel => {
            (PAIR_BYTES.saturating_add(d.dtype_in.bytes()), 2, 1)
        }
        Opcode::Requantise | Opcode::Relu => (d.dtype_in.bytes(), 1, 1),
        Opcode::AsStrided | Opcode::Concat => (d.dtype_in.bytes(), 1, 1),
        Opcode::Add | Opcode::Lookup | Opcode::Multiply => {
            (d.dtype_in.bytes().saturating_mul(2), 2, 1)
        }
        Opcode::Gather => (d.dtype_in.bytes().saturating_add(d.dtype_out.bytes()), 2, 1),
        Opcode::MaxPool => (area, area, area),
        Opcode::Argmax | Opcode::ReduceSum => (row()?, 1, channels),
        Opcode::Softmax => (row()?, 1, 1),
        Opcode::LayerNorm => (row()?.saturating_add(PAIR_BYTES), 2, 1),
    };
    let bias = if d.inputs[2].is_some() { (BIAS_BYTES, 1) } else { (0, 0) };
    Ok(Operands { bytes: bytes.saturating_add(bias.0), runs: runs.saturating_add(bias.1), taps })
}
