protocol::codes! {
    /// Codes of the exact operators.
    pub enum Opcode {
        Matmul = 1,
        Convolution = 2,
        Requantise = 3,
        Relu = 4,
        Add = 5,
        MaxPool = 6,
        Lookup = 7,
        Argmax = 8,
        Depthwise = 9,
        Softmax = 10,
        LayerNorm = 11,
        AsStrided = 12,
        Concat = 13,
        Gather = 14,
        ReduceSum = 15,
        Multiply = 16,
    }
}
