"""Runs a graph with the NumPy twins: the meaning of every operator."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from kernels.exact.add import reference as add
from kernels.exact.argmax import reference as argmax
from kernels.exact.as_strided import reference as as_strided
from kernels.exact.concat import reference as concat
from kernels.exact.convolution import reference as convolution
from kernels.exact.depthwise import reference as depthwise
from kernels.exact.gather import reference as gather
from kernels.exact.layer_norm import reference as layer_norm
from kernels.exact.lookup import reference as lookup
from kernels.exact.matmul import reference as matmul
from kernels.exact.max_pool import reference as max_pool
from kernels.exact.multiply import reference as multiply
from kernels.exact.reduce_sum import reference as reduce_sum
from kernels.exact.relu import reference as relu
from kernels.exact.requantise import reference as requantise
from kernels.exact.softmax import reference as softmax
from kernels.graph import ConstantSlot, Descriptor, Graph, InputKind, Opcode
from kernels.trace.layout import Array

TWINS: Mapping[Opcode, Callable[[Descriptor, Sequence[Array]], Array]] = {
    Opcode.MATMUL: matmul.evaluate,
    Opcode.CONVOLUTION: convolution.evaluate,
    Opcode.REQUANTISE: requantise.evaluate,
    Opcode.RELU: relu.evaluate,
    Opcode.ADD: add.evaluate,
    Opcode.MAX_POOL: max_pool.evaluate,
    Opcode.LOOKUP: lookup.evaluate,
    Opcode.ARGMAX: argmax.evaluate,
    Opcode.DEPTHWISE: depthwise.evaluate,
    Opcode.SOFTMAX: softmax.evaluate,
    Opcode.LAYER_NORM: layer_norm.evaluate,
    Opcode.AS_STRIDED: as_strided.evaluate,
    Opcode.CONCAT: concat.evaluate,
    Opcode.GATHER: gather.evaluate,
    Opcode.REDUCE_SUM: reduce_sum.evaluate,
    Opcode.MULTIPLY: multiply.evaluate,
}


class Executor(Protocol):
    """What runs a graph: NumPy, or a GPU through wgpu."""

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Every operator's output in order, in its shape and dtype.

        Raises GraphError when the inputs do not fit the graph.
        """
        ...


def operands(
    graph: Graph, index: int, inputs: Sequence[Array], outputs: Sequence[Array]
) -> list[Array]:
    """What operator `index` reads, in its shapes, given job inputs and earlier outputs."""
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
    """One operator's output."""
    return TWINS[descriptor.opcode](descriptor, operands_)


def execute(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """Every operator's output in order; GraphError when the inputs do not fit the graph."""
    graph.check_inputs(inputs)
    outputs: list[Array] = []
    for index, descriptor in enumerate(graph.descriptors):
        outputs.append(evaluate(descriptor, operands(graph, index, inputs, outputs)))
    return outputs


class NumpyExecutor:
    """Runs graphs on the CPU."""

    name = "numpy"

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """See `execute`."""
        return execute(graph, inputs)
