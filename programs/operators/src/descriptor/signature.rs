use super::{tensor::Dtype, ConstantSlot};

/// The inputs, dtypes and parameters of an opcode's descriptors.
pub struct Signature {
    pub slots: [Slot; 3],
    /// The pairs of input and output dtypes for which the operator is defined.
    pub dtypes: &'static [(Dtype, Dtype)],
    /// Whether the rounding field is half up. It is zero for an operator that does not round.
    pub rounds: bool,
    pub parameters: Parameters,
}

impl Signature {
    /// Returns whether a descriptor may have this number of inputs.
    pub fn takes(&self, inputs: usize, per_channel: bool) -> bool {
        let fits = |(at, slot): (usize, &Slot)| match slot.presence {
            Presence::Never => at >= inputs,
            Presence::Always => at < inputs,
            Presence::Optional => true,
            Presence::PerChannel => (at < inputs) == per_channel,
        };
        inputs <= self.slots.len() && self.slots.iter().enumerate().all(fits)
    }
}

/// The fields that an opcode uses. A field that it does not use must be zero.
#[derive(Clone, Copy)]
pub struct Parameters {
    /// Kernel, stride, dilation and padding.
    pub window: bool,
    /// The zero point of the input, and the pad value.
    pub zero_points: bool,
    pub zero_point_out: bool,
    /// The flag for multiplier and shift per channel.
    pub per_channel: bool,
    pub axis: bool,
    pub multiplier: bool,
    pub shift: bool,
    pub clamp: bool,
    /// Steps and offset, which lie where the shapes of the second and third input would.
    pub strides: bool,
}

impl Parameters {
    pub const NONE: Self = Self {
        window: false,
        zero_points: false,
        zero_point_out: false,
        per_channel: false,
        axis: false,
        multiplier: false,
        shift: false,
        clamp: false,
        strides: false,
    };
}

/// The allowed sources and the dtype of one of the three inputs.
#[derive(Clone, Copy)]
pub struct Slot {
    /// The constant that the input may be.
    pub constant: Option<ConstantSlot>,
    /// Whether the input may be a job input or the output of an operator.
    pub computed: bool,
    dtype: SlotDtype,
    presence: Presence,
}

impl Slot {
    pub const UNUSED: Self = Self {
        constant: None,
        computed: false,
        dtype: SlotDtype::Input,
        presence: Presence::Never,
    };

    /// Accepts a job input or the output of an operator, never a constant.
    pub const fn computed(dtype: SlotDtype) -> Self {
        Self { constant: None, computed: true, dtype, presence: Presence::Always }
    }

    /// Accepts only this constant.
    pub const fn constant(constant: ConstantSlot, dtype: SlotDtype) -> Self {
        Self { constant: Some(constant), computed: false, dtype, presence: Presence::Always }
    }

    /// Accepts this constant, a job input or the output of an operator.
    pub const fn either(constant: ConstantSlot, dtype: SlotDtype) -> Self {
        Self { constant: Some(constant), computed: true, dtype, presence: Presence::Always }
    }

    /// Marks the input as optional.
    pub const fn optional(self) -> Self {
        Self { presence: Presence::Optional, ..self }
    }

    /// Marks the input as present if, and only if, the descriptor's per-channel flag is set.
    pub const fn per_channel(self) -> Self {
        Self { presence: Presence::PerChannel, ..self }
    }

    /// Returns the dtype of this input of an operator from `input` to `output`.
    pub fn dtype(&self, input: Dtype, output: Dtype) -> Dtype {
        match self.dtype {
            SlotDtype::Input => input,
            SlotDtype::Output => output,
            SlotDtype::Int8 => Dtype::Int8,
            SlotDtype::Int32 => Dtype::Int32,
        }
    }
}

/// How the dtype of an input follows from those of the descriptor.
#[derive(Clone, Copy)]
pub enum SlotDtype {
    /// The descriptor's input dtype.
    Input,
    /// The descriptor's output dtype.
    Output,
    Int8,
    Int32,
}

#[derive(Clone, Copy)]
enum Presence {
    Never,
    Always,
    Optional,
    PerChannel,
}
