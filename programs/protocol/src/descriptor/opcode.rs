use super::{ConstantSlot, Dtype, Fault};

crate::codes! {
    /// Exact operators.
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

use ConstantSlot::{BiasOrTable, Channels, Weights};
use Opcode::{
    Add, Argmax, AsStrided, Concat, Convolution, Depthwise, Gather, LayerNorm, Lookup, Matmul,
    MaxPool, Multiply, ReduceSum, Relu, Requantise, Softmax,
};

impl Opcode {
    pub(super) fn takes(self, inputs: usize, per_channel: bool) -> bool {
        match self {
            Matmul | Convolution | Depthwise => inputs == 2 || inputs == 3,
            Add | Lookup | LayerNorm | Concat | Gather | Multiply => inputs == 2,
            Relu | MaxPool | Argmax | Softmax | AsStrided | ReduceSum => inputs == 1,
            Requantise => inputs == 1usize.saturating_add(usize::from(per_channel)),
        }
    }

    pub(super) fn rounds(self) -> bool {
        matches!(self, Requantise | Softmax | LayerNorm)
    }

    pub(super) fn slides_a_window(self) -> bool {
        matches!(self, Convolution | Depthwise | MaxPool)
    }

    /// Which constant input `slot` may be, and whether it may be something else.
    pub(super) fn slot(self, slot: usize) -> (Option<u32>, bool) {
        match (self, slot) {
            (_, 0) => (None, true),
            (Matmul | Add | Concat | Gather | Multiply, 1) => (Some(Weights as u32), true),
            (Convolution | Depthwise, 1) => (Some(Weights as u32), false),
            (Requantise | LayerNorm, _) => (Some(Channels as u32), false),
            _ => (Some(BiasOrTable as u32), false),
        }
    }

    /// Dtype of input `slot` of an operator from `dtype_in` to `dtype_out`.
    pub(super) fn input_dtype(self, slot: usize, dtype_in: Dtype, dtype_out: Dtype) -> Dtype {
        match (self, slot) {
            (_, 0) | (Concat, _) => dtype_in,
            (Gather, _) => dtype_out,
            (Matmul | Convolution | Depthwise | Multiply, 1) | (Lookup, _) => Dtype::Int8,
            _ => Dtype::Int32,
        }
    }

    pub(super) fn check_dtypes(self, dtype_in: Dtype, dtype_out: Dtype) -> Result<(), Fault> {
        use Dtype::{Int32, Int8};
        let known = match (dtype_in, dtype_out) {
            (Int8, Int32) => {
                matches!(self, Matmul | Convolution | Argmax | Depthwise | ReduceSum | Multiply)
            }
            (Int32, Int8) => matches!(self, Requantise | Softmax | Gather),
            (Int8, Int8) => {
                matches!(self, Relu | MaxPool | Lookup | Softmax | AsStrided | Concat)
            }
            (Int32, Int32) => matches!(
                self,
                Requantise
                    | Relu
                    | Add
                    | Argmax
                    | LayerNorm
                    | AsStrided
                    | Concat
                    | Gather
                    | ReduceSum
            ),
        };
        if known {
            Ok(())
        } else {
            Err(Fault::BadDtype)
        }
    }
}
