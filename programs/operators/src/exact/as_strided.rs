//! out[i] = x[offset + sum over axes of i * step], where x is counted row by row without padding.
//! Reads that element.

use crate::{
    descriptor::{
        elements, ensure, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype,
    },
    error::OperatorError,
    layout::Layout,
    operand::Operand,
    operator::{Footprint, Operator},
    place::{indices_of, Place},
    reading::{element, input},
    run::Run,
};

pub struct AsStrided;

impl Operator for AsStrided {
    const SIGNATURE: Signature = Signature {
        slots: [Slot::computed(SlotDtype::Input), Slot::UNUSED, Slot::UNUSED],
        dtypes: &[(Dtype::Int8, Dtype::Int8), (Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters { strides: true, ..Parameters::NONE },
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        ensure(reaches_no_further(d), Fault::BadValue)?;
        Ok(true)
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        Ok(Footprint { bytes: d.dtype_in.bytes(), runs: 1, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        let layout = input(d, slot)?;
        Ok(vec![layout.elements(source(d, &layout, place)?, 1)])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        element(d, &source(d, &input(d, 0)?, place)?, operands, 0)
    }
}

/// Returns whether the last element that is read exists.
fn reaches_no_further(d: &Descriptor) -> bool {
    let last = d.steps().iter().zip(&d.output_shape).try_fold(
        u64::from(d.offset()),
        |last, (step, axis)| {
            let steps = u64::from(axis.saturating_sub(1)).checked_mul((*step).into())?;
            last.checked_add(steps)
        },
    );
    // a tensor with more elements than u64 can count exceeds the limit
    let count = elements(&d.input_shapes[0]).unwrap_or(u64::MAX);
    last.is_some_and(|last| last < count)
}

fn source(d: &Descriptor, layout: &Layout, place: &Place) -> Result<Place, OperatorError> {
    let indices = indices_of(&d.output_shape, place)?;
    let find = || {
        let element = indices
            .iter()
            .zip(d.steps())
            .try_fold(u64::from(d.offset()), |element, (index, step)| {
                element.checked_add(index.checked_mul(step.into())?)
            })?;
        let row = element.checked_div(layout.columns)?;
        Some(Place { row, column: element.checked_rem(layout.columns)? })
    };
    find().ok_or(OperatorError::WrongDescriptor)
}
