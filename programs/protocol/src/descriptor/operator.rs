//! The rules of each opcode.

use super::{
    tensor::{check_stored, elements, row_stride, Dtype, Shape},
    Descriptor, Fault, Input,
};

/// Most stored bytes that one output element may depend on.
const OPERAND_LIMIT: u64 = 8_192;
/// Most contiguous runs they may lie in.
const RUN_LIMIT: u64 = 16;
const TABLE_ENTRIES: u32 = 256;
const BIAS_BYTES: u64 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Opcode {
    Matmul = 1,
    Convolution = 2,
    Requantise = 3,
    Relu = 4,
    Add = 5,
    MaxPool = 6,
    Lookup = 7,
    Argmax = 8,
}

use Opcode::{Add, Argmax, Convolution, Lookup, Matmul, MaxPool, Relu, Requantise};

impl Opcode {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Matmul, Convolution, Requantise, Relu, Add, MaxPool, Lookup, Argmax]
            .into_iter()
            .find(|opcode| *opcode as u8 == code)
    }

    pub(super) fn takes(self, inputs: usize, per_channel: bool) -> bool {
        match self {
            Matmul | Convolution => inputs == 2 || inputs == 3,
            Add | Lookup => inputs == 2,
            Relu | MaxPool | Argmax => inputs == 1,
            Requantise => inputs == 1usize.saturating_add(usize::from(per_channel)),
        }
    }

    /// Which constant input `slot` may be, and whether it may be something else.
    fn slot(self, slot: usize) -> (Option<u32>, bool) {
        match (self, slot) {
            (_, 0) => (None, true),
            (Matmul | Add, 1) => (Some(0), true),
            (Convolution, 1) => (Some(0), false),
            (Requantise, _) => (Some(2), false),
            _ => (Some(1), false),
        }
    }
}

pub(super) fn check(d: &Descriptor) -> Result<(), Fault> {
    check_dtypes(d)?;
    check_unused(d)?;
    check_inputs(d)?;
    check_values(d)?;
    check_shapes(d)?;
    check_limits(d)
}

fn ensure(rule: bool, fault: Fault) -> Result<(), Fault> {
    if rule {
        Ok(())
    } else {
        Err(fault)
    }
}

fn check_dtypes(d: &Descriptor) -> Result<(), Fault> {
    use Dtype::{Int32, Int8};
    let pair = matches!(
        (d.opcode, d.dtype_in, d.dtype_out),
        (Matmul | Convolution | Argmax, Int8, Int32)
            | (Requantise, Int32, Int8)
            | (Relu | MaxPool | Lookup, Int8, Int8)
            | (Relu | Add | Argmax, Int32, Int32)
    );
    ensure(pair, Fault::BadDtype)
}

fn check_unused(d: &Descriptor) -> Result<(), Fault> {
    let window = &d.window;
    let no_window = window.kernel == [0; 2]
        && window.stride == [0; 2]
        && window.dilation == [0; 2]
        && window.padding == [0; 4];
    let no_scale = d.multiplier == 0 && d.shift == 0 && !d.per_channel && d.axis == 0;
    let zero = (matches!(d.opcode, Convolution | MaxPool) || no_window)
        && (d.opcode == Convolution || (d.pad_value == 0 && d.zero_point_in == 0))
        && (d.opcode == Requantise || (d.zero_point_out == 0 && no_scale))
        && (matches!(d.opcode, Requantise | Relu) || (d.clamp_low == 0 && d.clamp_high == 0));
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
    if d.opcode != Requantise {
        return Ok(());
    }
    if d.per_channel {
        return ensure(d.axis == 3 && d.multiplier == 0 && d.shift == 0, Fault::BadChannels);
    }
    ensure(d.axis == 0, Fault::BadChannels)?;
    ensure(d.multiplier >= 1 && (1..=62).contains(&d.shift), Fault::BadValue)
}

fn check_shapes(d: &Descriptor) -> Result<(), Fault> {
    let [x, second, third] = &d.input_shapes;
    let out = &d.output_shape;
    let optional = |shape: &Shape, slot: usize, expected: Shape| {
        d.inputs.get(slot).is_some_and(Option::is_none) || *shape == expected
    };
    for (shape, used) in d.input_shapes.iter().zip(d.inputs.iter().map(Option::is_some)) {
        ensure(!used || shape.iter().all(|axis| *axis != 0), Fault::BadShape)?;
    }
    let [n, h, w, c] = *x;
    let fits = match d.opcode {
        Matmul => {
            let [_, _, m, k] = *x;
            let columns = second[2];
            *x == [1, 1, m, k]
                && *second == [1, 1, columns, k]
                && optional(third, 2, [1, 1, 1, columns])
                && *out == [1, 1, m, columns]
        }
        Convolution => {
            let [height, width] = window_outputs(d)?;
            let [kernel_h, kernel_w] = d.window.kernel.map(u32::from);
            let filters = second[0];
            *second == [filters, kernel_h, kernel_w, c]
                && optional(third, 2, [1, 1, 1, filters])
                && *out == [n, height, width, filters]
        }
        MaxPool => {
            let [height, width] = window_outputs(d)?;
            *out == [n, height, width, c]
        }
        Requantise => optional(second, 1, [1, 1, c, 2]) && out == x,
        Relu => out == x,
        Add => second == x && out == x,
        Lookup => *second == [1, 1, 1, TABLE_ENTRIES] && out == x,
        Argmax => *out == [n, h, w, 1],
    };
    ensure(fits, Fault::BadShape)
}

/// Output height and width: floor((size + padding - extent) / stride) + 1.
fn window_outputs(d: &Descriptor) -> Result<[u32; 2], Fault> {
    let window = &d.window;
    let [top, left, bottom, right] = window.padding;
    let mut outputs = [0; 2];
    for (axis, (before, after)) in [(top, bottom), (left, right)].into_iter().enumerate() {
        let size = d.input_shapes[0].get(axis.saturating_add(1)).copied().unwrap_or(0);
        outputs[axis] = axis_outputs(
            [window.kernel[axis], window.stride[axis], window.dilation[axis]].map(u64::from),
            [before, after].map(u64::from),
            u64::from(size),
            d.opcode == MaxPool,
        )
        .ok_or(Fault::BadWindow)?;
    }
    Ok(outputs)
}

fn axis_outputs(
    [kernel, stride, dilation]: [u64; 3],
    [before, after]: [u64; 2],
    size: u64,
    undilated: bool,
) -> Option<u32> {
    if dilation == 0 || (undilated && dilation != 1) {
        return None;
    }
    let extent = dilation.checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
    if before >= extent || after >= extent {
        return None;
    }
    let last = size.checked_add(before)?.checked_add(after)?.checked_sub(extent)?;
    u32::try_from(last.checked_div(stride)?.checked_add(1)?).ok()
}

fn check_limits(d: &Descriptor) -> Result<(), Fault> {
    for (slot, shape) in d.input_shapes.iter().enumerate() {
        if d.inputs.get(slot).is_some_and(Option::is_some) {
            check_stored(shape, d.input_dtype(slot))?;
        }
    }
    check_stored(&d.output_shape, d.dtype_out)?;

    let operands = operands(d)?;
    ensure(operands.bytes <= OPERAND_LIMIT, Fault::OperandLimit)?;
    ensure(operands.runs <= RUN_LIMIT, Fault::RunLimit)?;
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
    let (bytes, runs, taps) = match d.opcode {
        Matmul => (stride_bytes(channels)?.saturating_mul(2), 2, channels),
        Convolution => {
            let bytes = area.saturating_mul(stride_bytes(channels)?).saturating_mul(2);
            let runs = if d.window.dilation[1] > 1 { area } else { kernel_h };
            (bytes, runs.saturating_add(1), area.saturating_mul(channels))
        }
        Requantise if d.per_channel => (12, 2, 1),
        Requantise => (4, 1, 1),
        Relu => (d.dtype_in.bytes(), 1, 1),
        Add => (8, 2, 1),
        MaxPool => (area, area, area),
        Lookup => (2, 2, 1),
        Argmax => (stride_bytes(channels.saturating_mul(d.dtype_in.bytes()))?, 1, channels),
    };
    let bias = if d.inputs[2].is_some() { (BIAS_BYTES, 1) } else { (0, 0) };
    Ok(Operands { bytes: bytes.saturating_add(bias.0), runs: runs.saturating_add(bias.1), taps })
}

fn stride_bytes(row: u64) -> Result<u64, Fault> {
    row_stride(row).ok_or(Fault::OperandLimit)
}
