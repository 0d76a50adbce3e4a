//! out[.., c] = table[clamp(index, 0, V - 1), c]. Reads the index of the row, then the element of
//! the column in the table row that the clamped index names.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    reading::{element, element_run},
    run::Run,
};

pub struct Gather;

impl Operator for Gather {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::either(ConstantSlot::Weights, SlotDtype::Output),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int32, Dtype::Int8), (Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters::NONE,
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [x, table, _] = &d.input_shapes;
        let [n, h, w, _] = *x;
        let [_, _, entries, width] = *table;
        Ok(*x == [n, h, w, 1]
            && *table == [1, 1, entries, width]
            && d.output_shape == [n, h, w, width])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let bytes = d.dtype_in.bytes().saturating_add(d.dtype_out.bytes());
        Ok(Footprint { bytes, runs: 2, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        operands: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        let place = match slot {
            0 => index_place(place),
            _ => entry(d, place, operands)?,
        };
        Ok(vec![element_run(d, place, slot)?])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        element(d, &entry(d, place, operands)?, operands, 1)
    }
}

fn index_place(place: &Place) -> Place {
    Place { row: place.row, column: 0 }
}

/// Returns the place of the table entry, which is known once the index has been opened.
fn entry(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<Place, OperatorError> {
    let index = element(d, &index_place(place), operands, 0)?;
    let last = d.input_shapes[1][2].saturating_sub(1);
    let row = index.max(0).cast_unsigned().min(last).into();
    Ok(Place { row, column: place.column })
}
