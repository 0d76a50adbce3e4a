//! The lowest index of a row's largest element. Reads the row.

use crate::{
    descriptor::{Descriptor, Dtype, Fault, Parameters, Signature, Slot, SlotDtype},
    error::OperatorError,
    operand::Operand,
    operator::{stored_row, Footprint, Operator},
    place::Place,
    reading::{input, int32s, int8s, row, row_run},
    run::Run,
};

pub struct Argmax;

impl Operator for Argmax {
    const SIGNATURE: Signature = Signature {
        slots: [Slot::computed(SlotDtype::Input), Slot::UNUSED, Slot::UNUSED],
        dtypes: &[(Dtype::Int8, Dtype::Int32), (Dtype::Int32, Dtype::Int32)],
        rounds: false,
        parameters: Parameters::NONE,
    };

    fn shapes_fit(d: &Descriptor) -> Result<bool, Fault> {
        let [n, h, w, _] = d.input_shapes[0];
        Ok(d.output_shape == [n, h, w, 1])
    }

    fn footprint(d: &Descriptor) -> Result<Footprint, Fault> {
        let taps = u64::from(d.input_shapes[0][3]);
        Ok(Footprint { bytes: stored_row(d)?, runs: 1, taps })
    }

    fn runs(
        d: &Descriptor,
        place: &Place,
        slot: usize,
        _: &[Operand; 3],
    ) -> Result<Vec<Run>, OperatorError> {
        Ok(vec![row_run(d, place.row, slot)?])
    }

    fn value(d: &Descriptor, place: &Place, operands: &[Operand; 3]) -> Result<i32, OperatorError> {
        let bytes = row(&input(d, 0)?, place.row, &operands[0])?;
        let index = match d.dtype_in {
            Dtype::Int8 => first_largest(int8s(bytes)),
            Dtype::Int32 => first_largest(int32s(bytes)),
        };
        index.ok_or(OperatorError::WrongLength)
    }
}

fn first_largest(mut values: impl Iterator<Item = i32> + Clone) -> Option<i32> {
    let largest = values.clone().max()?;
    i32::try_from(values.position(|value| value == largest)?).ok()
}
