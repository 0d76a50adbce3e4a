//! Operator descriptors: 256 bytes that state everything about an operator. This module reads
//! their fields; `rules` decides which descriptors are accepted. kernels/README.md has the layout.

mod fault;
mod opcode;
mod signature;
mod tensor;

pub use fault::{ensure, Fault};
pub use opcode::Opcode;
pub use signature::{Parameters, Signature, Slot, SlotDtype, BIAS_OR_TABLE, CHANNELS, WEIGHTS};
pub use tensor::{check_stored, elements, row_stride, same_bytes, stored_bytes, Dtype, Shape};

use protocol::merkle::Digest;

pub const DESCRIPTOR_BYTES: usize = 256;
pub const MAX_OPERATORS: u16 = 256;
/// Job inputs are numbered below this.
pub const MAX_JOB_INPUTS: u32 = 8;

pub(crate) const VERSION: u8 = 1;

/// What an operator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// One of the descriptor's three roots.
    Constant(u32),
    /// A job input by its number.
    Job(u32),
    /// The output of an operator by its index.
    Operator(u32),
}

/// Height and width of each; padding is top, left, bottom, right.
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
    /// None from the number of inputs on.
    pub inputs: [Option<Input>; 3],
    /// Zero from the number of inputs on; `steps` and `offset` lie there if the opcode has them.
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
    /// Weights; bias or table; per-channel {multiplier i32, shift u32}.
    pub roots: [Digest; 3],
    multiply_adds: u64,
}

impl Descriptor {
    /// Reads the fields and refuses what `signature`, which is the opcode's, leaves no room for.
    /// Values, shapes and limits are not checked here.
    pub(crate) fn decode(raw: &Raw, opcode: Opcode, signature: &Signature) -> Result<Self, Fault> {
        ensure(
            raw.array::<2>(6) == [0; 2] && raw.u8(151) == 0 && raw.u8(149) <= 1,
            Fault::ReservedNotZero,
        )?;
        let per_channel = raw.u8(149) == 1;
        let count = usize::from(raw.u8(4));
        ensure(signature.takes(count, per_channel), Fault::BadInputCount)?;
        let strided = signature.parameters.strides;
        ensure(!strided || raw.array::<12>(76) == [0; 12], Fault::ReservedNotZero)?;
        let dtype_in = Dtype::from_code(raw.u8(2)).ok_or(Fault::BadDtype)?;
        let dtype_out = Dtype::from_code(raw.u8(3)).ok_or(Fault::BadDtype)?;
        let descriptor = Self {
            opcode,
            dtype_in,
            dtype_out,
            inputs: [
                raw.input(8, 0 < count)?,
                raw.input(16, 1 < count)?,
                raw.input(24, 2 < count)?,
            ],
            input_shapes: [
                raw.input_shape(40, 0 < count)?,
                raw.input_shape(56, 1 < count || strided)?,
                raw.input_shape(72, 2 < count || strided)?,
            ],
            input_dtypes: signature.slots.map(|slot| slot.dtype(dtype_in, dtype_out)),
            output_shape: raw.shape(88),
            window: Window {
                kernel: raw.u16s(104),
                stride: raw.u16s(108),
                dilation: raw.u16s(112),
                padding: raw.u16s(116),
            },
            pad_value: raw.i32(124),
            zero_point_in: raw.i32(128),
            zero_point_out: raw.i32(132),
            clamp_low: raw.i32(136),
            clamp_high: raw.i32(140),
            multiplier: raw.i32(144),
            shift: raw.u8(148),
            per_channel,
            axis: raw.u8(150),
            roots: [raw.array(152), raw.array(184), raw.array(216)],
            multiply_adds: u64::from_le_bytes(raw.array(248)),
        };
        raw.input(32, false)?;
        ensure(raw.u8(5) == u8::from(signature.rounds), Fault::BadRounding)?;
        Ok(descriptor)
    }

    /// Output elements times taps, as the descriptor states.
    pub fn multiply_adds(&self) -> u64 {
        self.multiply_adds
    }

    /// Dtype that the input in `slot`, one of three, must have.
    pub fn input_dtype(&self, slot: usize) -> Dtype {
        self.input_dtypes[slot]
    }

    /// Elements of the input from one of the output to the next along each axis.
    pub fn steps(&self) -> Shape {
        self.input_shapes[1]
    }

    /// Element of the input, counted row by row without padding, that an as_strided reads first.
    pub fn offset(&self) -> u32 {
        self.input_shapes[2][0]
    }
}

/// Little-endian fields at fixed offsets.
pub(crate) struct Raw<'a>(pub &'a [u8; DESCRIPTOR_BYTES]);

impl Raw<'_> {
    pub(crate) fn version(&self) -> u8 {
        self.u8(0)
    }

    pub(crate) fn opcode(&self) -> u8 {
        self.u8(1)
    }

    fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.0[offset..][..N]);
        field
    }

    fn u8(&self, offset: usize) -> u8 {
        self.0[offset]
    }

    fn i32(&self, offset: usize) -> i32 {
        i32::from_le_bytes(self.array(offset))
    }

    #[allow(clippy::arithmetic_side_effects)] // offsets are constants of the layout
    fn u16s<const N: usize>(&self, offset: usize) -> [u16; N] {
        std::array::from_fn(|i| u16::from_le_bytes(self.array(offset + 2 * i)))
    }

    #[allow(clippy::arithmetic_side_effects)] // offsets are constants of the layout
    fn shape(&self, offset: usize) -> Shape {
        std::array::from_fn(|i| u32::from_le_bytes(self.array(offset + 4 * i)))
    }

    fn input_shape(&self, offset: usize, used: bool) -> Result<Shape, Fault> {
        let shape = self.shape(offset);
        if used || shape == [0; 4] {
            Ok(shape)
        } else {
            Err(Fault::ReservedNotZero)
        }
    }

    fn input(&self, offset: usize, used: bool) -> Result<Option<Input>, Fault> {
        let [kind, r0, r1, r2, index @ ..] = self.array::<8>(offset);
        let index = u32::from_le_bytes(index);
        if [r0, r1, r2] != [0; 3] {
            return Err(Fault::ReservedNotZero);
        }
        match (used, kind) {
            (false, 0) if index == 0 => Ok(None),
            (false, _) => Err(Fault::ReservedNotZero),
            (true, 1) => Ok(Some(Input::Constant(index))),
            (true, 2) => Ok(Some(Input::Job(index))),
            (true, 3) => Ok(Some(Input::Operator(index))),
            (true, _) => Err(Fault::BadInputKind),
        }
    }
}
