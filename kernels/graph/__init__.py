"""Graphs of operators: descriptors, rules, hash, file and memory plan."""

from kernels.graph.builder import GraphBuilder, Value
from kernels.graph.descriptor import (
    DESCRIPTOR_BYTES,
    ConstantSlot,
    Descriptor,
    Input,
    InputKind,
    Opcode,
    Rounding,
    Window,
)
from kernels.graph.errors import GraphError, Reason
from kernels.graph.file import dump, load, read, write
from kernels.graph.graph import Graph, is_linear
from kernels.graph.limits import multiply_adds
from kernels.graph.memory import MemoryPlan, memory_plan
from kernels.graph.shapes import is_batched
from kernels.graph.topology import TensorSpec, check_graph, input_spec, output_spec

__all__ = [
    "DESCRIPTOR_BYTES",
    "ConstantSlot",
    "Descriptor",
    "Graph",
    "GraphBuilder",
    "GraphError",
    "Input",
    "InputKind",
    "MemoryPlan",
    "Opcode",
    "Reason",
    "Rounding",
    "TensorSpec",
    "Value",
    "Window",
    "check_graph",
    "dump",
    "input_spec",
    "is_batched",
    "is_linear",
    "load",
    "memory_plan",
    "multiply_adds",
    "output_spec",
    "read",
    "write",
]
