"""The handler of each ONNX operator."""

from collections.abc import Mapping

from kernels.onnx.exact.lowering import Handler
from kernels.onnx.exact.network import QUANTISE
from kernels.onnx.exact.operators import elementwise, linear, normalisation, shaping, windows
from kernels.onnx.exact.operators.functions import FUNCTIONS

HANDLERS: Mapping[str, Handler] = dict.fromkeys(FUNCTIONS, elementwise.unary) | {
    QUANTISE: elementwise.quantise,
    "Add": elementwise.add,
    "AveragePool": windows.average_pool,
    "Clip": elementwise.clamp,
    "Concat": shaping.concat,
    "Conv": linear.convolution,
    "Div": elementwise.divide,
    "Dropout": shaping.identity,
    "Expand": shaping.expand,
    "Flatten": shaping.flatten,
    "Gather": shaping.gather,
    "Gemm": linear.gemm,
    "GlobalAveragePool": windows.global_average_pool,
    "Identity": shaping.identity,
    "LayerNormalization": normalisation.layer_norm,
    "MatMul": linear.matmul,
    "MaxPool": windows.max_pool,
    "Mul": elementwise.multiply,
    "Pow": elementwise.power,
    "ReduceMean": windows.reduce_mean,
    "ReduceSum": windows.reduce_sum,
    "Relu": elementwise.clamp,
    "Reshape": shaping.reshape,
    "Slice": shaping.take_slice,
    "Softmax": normalisation.softmax,
    "Split": shaping.split,
    "Squeeze": shaping.squeeze,
    "Sub": elementwise.subtract,
    "Transpose": shaping.transpose,
    "Unsqueeze": shaping.unsqueeze,
}
