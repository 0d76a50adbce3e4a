"""Codes and limits that the chain and the kernels share.

Names and values are those of the programs. There are only numbers here, so that the module can be
generated, and it depends on no other.
"""

from enum import IntEnum
from typing import Final

VERSION: Final = 1
DESCRIPTOR_BYTES: Final = 256

# Element types; `kernels.trace.DType` adds their properties.
INT8: Final = 1
INT32: Final = 2

MAX_SHIFT: Final = 62
MAX_TENSOR_BYTES: Final = 1 << 30
MAX_OPERAND_BYTES: Final = 8192
MAX_RUNS: Final = 16
MAX_OPERATORS: Final = 256
MAX_JOB_INPUTS: Final = 8


class Opcode(IntEnum):
    """Operators, by their code in a descriptor."""

    MATMUL = 1
    CONVOLUTION = 2
    REQUANTISE = 3
    RELU = 4
    ADD = 5
    MAX_POOL = 6
    LOOKUP = 7
    ARGMAX = 8
    DEPTHWISE = 9
    SOFTMAX = 10
    LAYER_NORM = 11
    AS_STRIDED = 12
    CONCAT = 13
    GATHER = 14
    REDUCE_SUM = 15
    MULTIPLY = 16


class InputKind(IntEnum):
    """Where an operand comes from; 0 marks an unused slot."""

    CONSTANT = 1
    JOB_INPUT = 2
    OPERATOR_OUTPUT = 3


class ConstantSlot(IntEnum):
    """The index of a constant input: which of the three roots commits to it."""

    WEIGHTS = 0
    BIAS_OR_TABLE = 1
    CHANNELS = 2


class Rounding(IntEnum):
    """Rounding mode: none, or floor(x + 1/2)."""

    NONE = 0
    HALF_UP = 1
