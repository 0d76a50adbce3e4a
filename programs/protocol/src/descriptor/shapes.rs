//! Which shapes an opcode's inputs and output must have.

use super::{rules::ensure, tensor::elements, Descriptor, Fault, Opcode, Shape};

crate::limits! {
    /// Entries of a lookup table, one per value of an int8.
    pub const TABLE_ENTRIES: u32 = 256;
}

pub(super) fn check(d: &Descriptor) -> Result<(), Fault> {
    let full = |shape: &Shape| shape.iter().all(|axis| *axis != 0);
    for (shape, used) in d.input_shapes.iter().zip(d.inputs.iter().map(Option::is_some)) {
        ensure(!used || full(shape), Fault::BadShape)?;
    }
    ensure(full(&d.output_shape), Fault::BadShape)?;
    ensure(fits(d)?, Fault::BadShape)
}

fn fits(d: &Descriptor) -> Result<bool, Fault> {
    let [x, second, third] = &d.input_shapes;
    let out = &d.output_shape;
    let [n, h, w, c] = *x;
    let bias = |channels: u32| d.inputs[2].is_none() || *third == [1, 1, 1, channels];
    Ok(match d.opcode {
        Opcode::Matmul => {
            let columns = second[2];
            (*second == [1, 1, columns, c] || *second == [n, h, columns, c])
                && bias(columns)
                && *out == [n, h, w, columns]
        }
        Opcode::Convolution => {
            let [height, width] = window_outputs(d)?;
            let [kernel_h, kernel_w] = d.window.kernel.map(u32::from);
            let filters = second[0];
            *second == [filters, kernel_h, kernel_w, c]
                && bias(filters)
                && *out == [n, height, width, filters]
        }
        Opcode::Depthwise => {
            let [height, width] = window_outputs(d)?;
            let [kernel_h, kernel_w] = d.window.kernel.map(u32::from);
            *second == [c, kernel_h, kernel_w, 1] && bias(c) && *out == [n, height, width, c]
        }
        Opcode::MaxPool => {
            let [height, width] = window_outputs(d)?;
            *out == [n, height, width, c]
        }
        Opcode::Requantise => (!d.per_channel || *second == [1, 1, c, 2]) && out == x,
        Opcode::LayerNorm => *second == [1, 1, c, 2] && out == x,
        Opcode::Relu | Opcode::Softmax => out == x,
        Opcode::Add | Opcode::Multiply => {
            second.iter().zip(x).all(|(b, a)| b == a || *b == 1) && out == x
        }
        Opcode::Lookup => *second == [1, 1, 1, TABLE_ENTRIES] && out == x,
        Opcode::Argmax | Opcode::ReduceSum => *out == [n, h, w, 1],
        Opcode::AsStrided => {
            ensure(reaches_no_further(d), Fault::BadValue)?;
            true
        }
        Opcode::Concat => joined(d) == Some(*out),
        Opcode::Gather => {
            let [_, _, entries, width] = *second;
            *x == [n, h, w, 1] && *second == [1, 1, entries, width] && *out == [n, h, w, width]
        }
    })
}

/// Whether the last element that an as_strided reads exists.
fn reaches_no_further(d: &Descriptor) -> bool {
    let last = d.steps().iter().zip(&d.output_shape).try_fold(
        u64::from(d.offset()),
        |last, (step, axis)| {
            let steps = u64::from(axis.saturating_sub(1)).checked_mul((*step).into())?;
            last.checked_add(steps)
        },
    );
    // more elements than u64 counts are beyond the tensor limit
    let count = elements(&d.input_shapes[0]).unwrap_or(u64::MAX);
    last.is_some_and(|last| last < count)
}

/// Shape of two tensors side by side. None if their other axes differ.
fn joined(d: &Descriptor) -> Option<Shape> {
    let [a, b, _] = d.input_shapes;
    let axis = usize::from(d.axis);
    let mut found = a;
    *found.get_mut(axis)? = *b.get(axis)?;
    if found != b {
        return None;
    }
    *found.get_mut(axis)? = a.get(axis)?.checked_add(*b.get(axis)?)?;
    Some(found)
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
            d.opcode == Opcode::MaxPool,
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
