//! Operator descriptors: 256 bytes that state everything about an operator. This module reads their
//! fields; `rules` decides which descriptors are accepted. kernels/README.md documents the layout.

mod fault;
mod field;
mod opcode;
mod signature;
mod tensor;

pub use fault::{ensure, Fault};
pub use field::DescriptorField;
use field::DescriptorField as Field;
pub use opcode::Opcode;
pub use signature::{Parameters, Signature, Slot, SlotDtype};
pub use tensor::{
    check_stored, elements, row_stride, same_bytes, stored_bytes, Dtype, Shape, MAX_TENSOR_BYTES,
};

use protocol::merkle::Digest;

protocol::limits! {
    /// Bytes of a descriptor.
    pub const DESCRIPTOR_BYTES: usize = 256;
    /// Maximum number of operators of a graph.
    pub const MAX_OPERATORS: u16 = 256;
    /// Maximum number of inputs of a job. They are numbered from 0.
    pub const MAX_JOB_INPUTS: u32 = 8;
    /// Version of the descriptor's layout.
    pub const DESCRIPTOR_VERSION: u8 = 1;
}

/// An input of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// One of the descriptor's three roots.
    Constant(u32),
    /// A job input by its number.
    Job(u32),
    /// The output of an operator by its index.
    Operator(u32),
}

protocol::codes! {
    /// Values of an input's kind byte. Zero marks an input that is not used.
    pub enum InputKind {
        /// One of the descriptor's constants, by its slot.
        Constant = 1,
        /// A job input, by its number.
        JobInput = 2,
        /// The output of an earlier operator, by its index.
        OperatorOutput = 3,
    }

    /// Index of a constant input: which of the descriptor's three roots commits to it.
    pub enum ConstantSlot {
        Weights = 0,
        BiasOrTable = 1,
        /// Multiplier and shift per channel, after the bias if there is one.
        Channels = 2,
    }

    /// How an operator rounds.
    pub enum Rounding {
        None = 0,
        /// floor(x + 1/2).
        HalfUp = 1,
    }
}

/// The window's parameters: height and width of each, and the padding as top, left, bottom, right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub kernel: [u16; 2],
    pub stride: [u16; 2],
    pub dilation: [u16; 2],
    pub padding: [u16; 4],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub opcode: Opcode,
    pub dtype_in: Dtype,
    pub dtype_out: Dtype,
    /// The inputs in use, followed by None.
    pub inputs: [Option<Input>; 3],
    /// The shapes of the inputs in use, followed by zeros. `steps` and `offset` lie there if the
    /// opcode has them.
    pub input_shapes: [Shape; 3],
    input_dtypes: [Dtype; 3],
    pub output_shape: Shape,
    pub window: Window,
    pub pad_value: i32,
    pub zero_point_in: i32,
    pub zero_point_out: i32,
    pub clamp_low: i32,
    pub clamp_high: i32,
    pub multiplier: i32,
    pub shift: u8,
    pub per_channel: bool,
    pub axis: u8,
    /// Roots of the constants: weights; bias or table; per-channel {multiplier i32, shift u32}.
    pub roots: [Digest; 3],
    multiply_adds: u64,
}

impl Descriptor {
    /// Reads the fields and refuses those that the opcode's `signature` does not allow. Values,
    /// shapes and limits are not checked here.
    pub(crate) fn decode(raw: &Raw, opcode: Opcode, signature: &Signature) -> Result<Self, Fault> {
        ensure(
            raw.array::<2>(Field::ReservedHead) == [0; 2]
                && raw.u8(Field::ReservedTail) == 0
                && raw.u8(Field::PerChannel) <= 1,
            Fault::ReservedNotZero,
        )?;
        let per_channel = raw.u8(Field::PerChannel) == 1;
        let count = usize::from(raw.u8(Field::InputCount));
        ensure(signature.takes(count, per_channel), Fault::BadInputCount)?;
        let strided = signature.parameters.strides;
        ensure(!strided || raw.shape(Field::InputShape2)[1..] == [0; 3], Fault::ReservedNotZero)?;
        let dtype_in = Dtype::from_code(raw.u8(Field::DtypeIn)).ok_or(Fault::BadDtype)?;
        let dtype_out = Dtype::from_code(raw.dtype_out()).ok_or(Fault::BadDtype)?;
        let descriptor = Self {
            opcode,
            dtype_in,
            dtype_out,
            inputs: [
                raw.input(Field::Input0, 0 < count)?,
                raw.input(Field::Input1, 1 < count)?,
                raw.input(Field::Input2, 2 < count)?,
            ],
            input_shapes: [
                raw.input_shape(Field::InputShape0, 0 < count)?,
                raw.input_shape(Field::InputShape1, 1 < count || strided)?,
                raw.input_shape(Field::InputShape2, 2 < count || strided)?,
            ],
            input_dtypes: signature.slots.map(|slot| slot.dtype(dtype_in, dtype_out)),
            output_shape: raw.shape(Field::OutputShape),
            window: Window {
                kernel: raw.u16s(Field::Kernel),
                stride: raw.u16s(Field::Stride),
                dilation: raw.u16s(Field::Dilation),
                padding: raw.u16s(Field::Padding),
            },
            pad_value: raw.i32(Field::PadValue),
            zero_point_in: raw.i32(Field::ZeroPointIn),
            zero_point_out: raw.i32(Field::ZeroPointOut),
            clamp_low: raw.i32(Field::ClampLow),
            clamp_high: raw.i32(Field::ClampHigh),
            multiplier: raw.i32(Field::Multiplier),
            shift: raw.u8(Field::Shift),
            per_channel,
            axis: raw.u8(Field::Axis),
            roots: [raw.array(Field::Root0), raw.array(Field::Root1), raw.array(Field::Root2)],
            multiply_adds: u64::from_le_bytes(raw.array(Field::MultiplyAdds)),
        };
        raw.input(Field::Input3, false)?;
        let rounding = if signature.rounds { Rounding::HalfUp } else { Rounding::None };
        ensure(raw.u8(Field::Rounding) == rounding as u8, Fault::BadRounding)?;
        Ok(descriptor)
    }

    /// Returns the output elements times taps, as stated in the descriptor.
    pub fn multiply_adds(&self) -> u64 {
        self.multiply_adds
    }

    /// Returns the dtype that the input in `slot`, one of three, must have.
    pub fn input_dtype(&self, slot: usize) -> Dtype {
        self.input_dtypes[slot]
    }

    /// Returns the number of input elements from one output element to the next along each axis.
    pub fn steps(&self) -> Shape {
        self.input_shapes[1]
    }

    /// Returns the element of the input that an as_strided reads first, counted row by row without
    /// padding.
    pub fn offset(&self) -> u32 {
        self.input_shapes[2][0]
    }
}

/// Little-endian fields at fixed offsets.
pub(crate) struct Raw<'a>(pub &'a [u8; DESCRIPTOR_BYTES]);

impl Raw<'_> {
    pub(crate) fn version(&self) -> u8 {
        self.u8(Field::Version)
    }

    pub(crate) fn opcode(&self) -> u8 {
        self.u8(Field::Opcode)
    }

    pub(crate) fn dtype_out(&self) -> u8 {
        self.u8(Field::DtypeOut)
    }

    fn bytes<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0[offset..][..N]);
        bytes
    }

    fn array<const N: usize>(&self, field: Field) -> [u8; N] {
        self.bytes(field as usize)
    }

    fn u8(&self, field: Field) -> u8 {
        self.0[field as usize]
    }

    fn i32(&self, field: Field) -> i32 {
        i32::from_le_bytes(self.array(field))
    }

    #[allow(clippy::arithmetic_side_effects)] // offsets are constants of the layout
    fn u16s<const N: usize>(&self, field: Field) -> [u16; N] {
        std::array::from_fn(|i| u16::from_le_bytes(self.bytes(field as usize + 2 * i)))
    }

    #[allow(clippy::arithmetic_side_effects)] // offsets are constants of the layout
    fn shape(&self, field: Field) -> Shape {
        std::array::from_fn(|i| u32::from_le_bytes(self.bytes(field as usize + 4 * i)))
    }

    fn input_shape(&self, field: Field, used: bool) -> Result<Shape, Fault> {
        let shape = self.shape(field);
        if used || shape == [0; 4] {
            Ok(shape)
        } else {
            Err(Fault::ReservedNotZero)
        }
    }

    fn input(&self, field: Field, used: bool) -> Result<Option<Input>, Fault> {
        let [kind, r0, r1, r2, index @ ..] = self.array::<8>(field);
        let index = u32::from_le_bytes(index);
        if [r0, r1, r2] != [0; 3] {
            return Err(Fault::ReservedNotZero);
        }
        match (used, kind) {
            (false, 0) if index == 0 => Ok(None),
            (false, _) => Err(Fault::ReservedNotZero),
            (true, _) => match InputKind::from_code(kind) {
                Some(InputKind::Constant) => Ok(Some(Input::Constant(index))),
                Some(InputKind::JobInput) => Ok(Some(Input::Job(index))),
                Some(InputKind::OperatorOutput) => Ok(Some(Input::Operator(index))),
                None => Err(Fault::BadInputKind),
            },
        }
    }
}
