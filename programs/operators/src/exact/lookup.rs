//! table[x + 128]. Reads the element at the same place, and the whole table, which is one leaf.

use crate::{
    descriptor::{ConstantSlot, Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    layout::integer,
    operand::Operand,
    operator::{Footprint, Operator},
    place::Place,
    reading::{element, element_run, input, row_run},
    run::Run,
};

protocol::limits! {
    /// Entries of a lookup table, one per value of an int8.
    pub const TABLE_ENTRIES: u32 = 256;
}

pub struct Lookup;

impl Operator for Lookup {
    const SIGNATURE: Signature = Signature {
        slots: [
            Slot::computed(SlotDtype::Input),
            Slot::constant(ConstantSlot::BiasOrTable, SlotDtype::Int8),
            Slot::UNUSED,
        ],
        dtypes: &[(Dtype::Int8, Dtype::Int8)],
        rounds: false,
        parameters: Parameters::NONE,
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        Ok(d.input_shapes[1] == [1, 1, 1, TABLE_ENTRIES] && d.output_shape == d.input_shapes[0])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        Ok(Footprint { bytes: d.dtype_in.bytes().saturating_mul(2), runs: 2, taps: 1 })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        let run = match slot {
            0 => element_run(d, *place, slot)?,
            _ => row_run(d, 0, slot)?,
        };
        Ok(vec![run])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let x = element(d, place, operands, 0)?;
        let table = input(d, 1)?;
        let column = u64::from(x.wrapping_add(128).cast_unsigned());
        let entry = operands[1].bytes(table.elements(Place { row: 0, column }, 1))?;
        integer(entry, table.dtype)
    }
}
