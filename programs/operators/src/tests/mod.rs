//! Judges every element of small tensors, each from only the leaves that its runs name.

mod places;
mod rows;

use crate::{
    descriptor::{Descriptor, Dtype, Opcode, Shape, DESCRIPTOR_BYTES},
    exact, leaf_ranges, runs, value, Layout, Operand, OperatorError, Place, LEAF,
};

#[derive(Clone)]
struct Tensor {
    shape: Shape,
    dtype: Dtype,
    values: Vec<i32>,
}

impl Tensor {
    fn new(shape: Shape, dtype: Dtype, values: impl IntoIterator<Item = i32>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        assert_eq!(values.len(), shape.iter().product::<u32>() as usize);
        Self { shape, dtype, values }
    }

    /// Returns a tensor with a fixed pattern over the whole range of int8.
    fn pattern(shape: Shape, dtype: Dtype) -> Self {
        let count = shape.iter().product::<u32>() as i32;
        Self::new(shape, dtype, (0..count).map(|i| i * 37 % 256 - 128))
    }

    fn at(&self, [n, h, w, c]: [u32; 4]) -> i32 {
        let [_, height, width, columns] = self.shape;
        self.values[(((n * height + h) * width + w) * columns + c) as usize]
    }

    /// Returns the canonical bytes to the end of the last leaf. Row padding is not zero, so that
    /// reading it is noticed.
    fn leaves(&self) -> Vec<u8> {
        let layout = Layout::of(&self.shape, self.dtype).unwrap();
        let mut stored = Vec::new();
        for (row, values) in self.values.chunks(layout.columns as usize).enumerate() {
            for value in values {
                let bytes = value.to_le_bytes();
                stored.extend_from_slice(&bytes[..self.dtype.bytes() as usize]);
            }
            stored.resize((row + 1) * layout.stride as usize, 0x55);
        }
        stored.resize(stored.len().next_multiple_of(LEAF as usize), 0x55);
        stored
    }
}

/// An operator over tensors. Inputs that can only be constants are constants.
struct Case {
    descriptor: Descriptor,
    tensors: Vec<Tensor>,
    leaves: Vec<Vec<u8>>,
}

impl Case {
    fn new(
        opcode: Opcode,
        (shape, dtype): (Shape, Dtype),
        taps: u64,
        tensors: &[Tensor],
        fields: &[(usize, i32)],
    ) -> Self {
        let mut bytes = [0; DESCRIPTOR_BYTES];
        let rounds = exact::signature(opcode, dtype).rounds;
        let dtypes = [tensors[0].dtype as u8, dtype as u8];
        bytes[..6].copy_from_slice(&[
            1,
            opcode as u8,
            dtypes[0],
            dtypes[1],
            tensors.len() as u8,
            rounds.into(),
        ]);
        for (slot, tensor) in tensors.iter().enumerate() {
            let constant = match (opcode, slot) {
                (_, 0) => None,
                (Opcode::Depthwise | Opcode::Convolution, 1) => Some(0),
                (Opcode::LayerNorm, _) => Some(2),
                (_, 2) if dtype == Dtype::Int8 => Some(2),
                (_, 2) => Some(1),
                _ => None,
            };
            bytes[8 + 8 * slot] = if constant.is_some() { 1 } else { 2 };
            bytes[12 + 8 * slot] = constant.unwrap_or(slot as u8);
            if let Some(constant) = constant {
                bytes[152 + 32 * usize::from(constant)] = 1;
            }
            put_shape(&mut bytes, 40 + 16 * slot, tensor.shape);
        }
        put_shape(&mut bytes, 88, shape);
        for (offset, field) in fields {
            let width = match offset {
                104..124 => 2,
                148..152 => 1,
                _ => 4,
            };
            bytes[*offset..][..width].copy_from_slice(&field.to_le_bytes()[..width]);
        }
        let work = shape.map(u64::from).iter().product::<u64>() * taps;
        bytes[248..].copy_from_slice(&work.to_le_bytes());
        Self {
            descriptor: Descriptor::parse(&bytes).unwrap(),
            tensors: tensors.to_vec(),
            leaves: tensors.iter().map(Tensor::leaves).collect(),
        }
    }

    fn element(&self, [n, h, w, column]: [u32; 4]) -> Result<i32, OperatorError> {
        let [_, height, width, _] = self.descriptor.output_shape;
        let place = Place { row: ((n * height + h) * width + w).into(), column: column.into() };
        let mut operands = [const { Operand::EMPTY }; 3];
        for (slot, leaves) in self.leaves.iter().enumerate() {
            let runs = runs(&self.descriptor, &place, slot, &operands)?;
            assert!(runs.is_sorted_by_key(|run| run.start));
            for range in leaf_ranges(&runs) {
                let bytes = (range.start * LEAF) as usize..(range.end * LEAF) as usize;
                operands[slot].push(range.start, &leaves[bytes]);
            }
        }
        value(&self.descriptor, &place, &operands)
    }

    /// Compares every element with a formula of the four indices.
    fn follows(&self, formula: impl Fn(&[Tensor], [u32; 4]) -> i32) {
        let [n, h, w, c] = self.descriptor.output_shape;
        for flat in 0..n * h * w * c {
            let place = [flat / c / w / h, flat / c / w % h, flat / c % w, flat % c];
            assert_eq!(self.element(place), Ok(formula(&self.tensors, place)), "{place:?}");
        }
    }
}

fn put_shape(bytes: &mut [u8; DESCRIPTOR_BYTES], offset: usize, shape: Shape) {
    for (axis, size) in shape.iter().enumerate() {
        bytes[offset + 4 * axis..][..4].copy_from_slice(&size.to_le_bytes());
    }
}
