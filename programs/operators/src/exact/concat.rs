//! a followed by b along one axis. Reads the element from the tensor that holds it, and nothing
//! from the other one.

use crate::{
    descriptor::{
        ensure, ConstantSlot, Descriptor, Dtype, Fault, Parameters, Shape, Signature, Slot,
        SlotDtype,
    },
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator},
    place::{indices_of, place_of, Place},
    reading::{element, element_run},
    run::Run,
};

pub struct Concat;

impl Operator for Concat {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::either(ConstantSlot::Weights, SlotDtype::Input),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int8, Dtype::Int8), (Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters { axis: true, ..Parameters::NONE },
    };

    fn check_values(d: &Descriptor) -> Result<(), Fault> {
        ensure(d.axis <= 3, Fault::BadValue)
    }

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        Ok(joined(d) == Some(d.output_shape))
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
        let (holder, place) = source(d, place)?;
        Ok(if holder == slot { vec![element_run(d, place, slot)?] } else { Vec::new() })
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let (slot, place) = source(d, place)?;
        element(d, &place, operands, slot)
    }
}

/// Returns the shape of the two tensors side by side, or None if their other axes differ.
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

/// Returns the slot of the tensor that holds an element, and the element's place in that tensor.
fn source(d: &Descriptor, place: &Place) -> Result<(usize, Place), OperatorError> {
    let axis = usize::from(d.axis);
    let mut indices = indices_of(&d.output_shape, place)?;
    let first = d.input_shapes[0].get(axis).copied().unwrap_or(0);
    let index = indices.get_mut(axis).ok_or(OperatorError::WrongDescriptor)?;
    let slot = match index.checked_sub(first.into()) {
        Some(within) => {
            *index = within;
            1
        }
        None => 0,
    };
    Ok((slot, place_of(&d.input_shapes[slot], indices)))
}
