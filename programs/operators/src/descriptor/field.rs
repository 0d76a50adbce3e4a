protocol::codes! {
    /// Byte offset of each field in a descriptor. Integers are little-endian.
    pub enum DescriptorField {
        Version = 0,
        /// A code of `Opcode`.
        Opcode = 1,
        /// A code of `Dtype`.
        DtypeIn = 2,
        /// A code of `Dtype`.
        DtypeOut = 3,
        /// Number of inputs.
        InputCount = 4,
        /// A code of `Rounding`.
        Rounding = 5,
        /// Two zero bytes.
        ReservedHead = 6,
        /// The kind, three zero bytes, and the index as u32.
        Input0 = 8,
        Input1 = 16,
        Input2 = 24,
        /// Unused and zero.
        Input3 = 32,
        /// Four u32, NHWC.
        InputShape0 = 40,
        /// For an as_strided: its steps in elements.
        InputShape1 = 56,
        /// For an as_strided: its first element, then zeros.
        InputShape2 = 72,
        OutputShape = 88,
        /// Height and width as u16.
        Kernel = 104,
        Stride = 108,
        Dilation = 112,
        /// Top, left, bottom and right as u16.
        Padding = 116,
        /// An i32, like every field up to the multiplier.
        PadValue = 124,
        ZeroPointIn = 128,
        ZeroPointOut = 132,
        ClampLow = 136,
        ClampHigh = 140,
        Multiplier = 144,
        Shift = 148,
        /// 1 with multiplier and shift per channel, else 0.
        PerChannel = 149,
        Axis = 150,
        /// A zero byte.
        ReservedTail = 151,
        /// Merkle roots of the constants, in the order of `ConstantSlot`.
        Root0 = 152,
        Root1 = 184,
        Root2 = 216,
        /// A u64.
        MultiplyAdds = 248,
    }
}
