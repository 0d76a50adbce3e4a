"""Graphs of operators: construction, topology, hash, file format, memory plan, NumPy execution."""

from kernels.codes import DESCRIPTOR_BYTES, ConstantSlot, InputKind, Opcode, Rounding
from kernels.descriptor import (
    Descriptor,
    GraphError,
    Input,
    Reason,
    TensorSpec,
    Value,
    Window,
    output_spec,
)
from kernels.exact import (
    LinearForm,
    Narrowing,
    benchmarks,
    bias_in,
    has_linear_sums,
    input_spec,
    is_linear,
    multiply_adds,
    narrow,
    operator_of,
)
from kernels.exact.matmul.operator import is_batched
from kernels.graph.builder import GraphBuilder
from kernels.graph.file import dump, load, read, write
from kernels.graph.graph import Graph
from kernels.graph.memory import MemoryPlan, memory_plan
from kernels.graph.narrowing import narrowed
from kernels.graph.topology import check_graph

__all__ = [
    "DESCRIPTOR_BYTES",
    "ConstantSlot",
    "Descriptor",
    "Graph",
    "GraphBuilder",
    "GraphError",
    "Input",
    "InputKind",
    "LinearForm",
    "MemoryPlan",
    "Narrowing",
    "Opcode",
    "Reason",
    "Rounding",
    "TensorSpec",
    "Value",
    "Window",
    "benchmarks",
    "bias_in",
    "check_graph",
    "dump",
    "has_linear_sums",
    "input_spec",
    "is_batched",
    "is_linear",
    "load",
    "memory_plan",
    "multiply_adds",
    "narrow",
    "narrowed",
    "operator_of",
    "output_spec",
    "read",
    "write",
]
