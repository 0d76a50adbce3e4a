"""Runs a graph with NumPy: the meaning of every operator."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from kernels.codes import ConstantSlot, InputKind
from kernels.descriptor import Descriptor
from kernels.exact import bias_in, operator_of
from kernels.graph.graph import Graph
from kernels.trace import Array, DType


class Executor(Protocol):
    """Runs graphs: with NumPy, or on a GPU through wgpu."""

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns every operator's output in order, in its shape and dtype.

        Raises GraphError when the inputs do not fit the graph.
        """
        ...


def operands(
    graph: Graph, index: int, inputs: Sequence[Array], outputs: Sequence[Array]
) -> list[Array]:
    """Returns what operator `index` reads, in its shapes, given job inputs and earlier outputs."""
    descriptor = graph.descriptors[index]
    found = []
    for operand, shape in zip(descriptor.inputs, descriptor.input_shapes, strict=True):
        match operand.kind:
            case InputKind.CONSTANT:
                found.append(graph.constant(index, ConstantSlot(operand.index)))
            case InputKind.JOB_INPUT:
                found.append(inputs[operand.index].reshape(shape))
            case InputKind.OPERATOR_OUTPUT:
                found.append(outputs[operand.index].reshape(shape))
    return found


def evaluate(descriptor: Descriptor, operands_: Sequence[Array]) -> Array:
    """Returns one operator's output, given its operands."""
    return operator_of(descriptor).evaluate(descriptor, operands_)


def sums(descriptor: Descriptor, operands_: Sequence[Array]) -> Array:
    """Returns the int32 sums, bias included, that a product to int8 requantises."""
    plain = replace(descriptor, dtype_out=DType.INT32)
    x, weights, scales = operands_
    return evaluate(plain, [x, weights, bias_in(scales)])


def execute(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """Returns every operator's output in order; raises GraphError when the inputs do not fit."""
    graph.check_inputs(inputs)
    outputs: list[Array] = []
    for index, descriptor in enumerate(graph.descriptors):
        outputs.append(evaluate(descriptor, operands(graph, index, inputs, outputs)))
    return outputs


class NumpyExecutor:
    """Runs graphs on the CPU with NumPy."""

    name = "numpy"

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns what the function `execute` returns."""
        return execute(graph, inputs)
