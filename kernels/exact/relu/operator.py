"""Clamp of int8 or int32."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import Opcode
from kernels.descriptor import Descriptor, Signature, Value
from kernels.descriptor.signature import CLAMP, NARROW, WIDE
from kernels.exact.operator import Draft, Fusion, Notes, Operator, Step
from kernels.trace import Array


class Relu(Operator):
    """min(max(x, clamp low), clamp high)."""

    opcode = Opcode.RELU
    rowwise_inputs = 1
    signature = Signature((NARROW, WIDE), fields=CLAMP)
    fusion = Fusion(Step.ACTIVATION, buffers=10)
    notes = Notes(
        inputs="x",
        output="`min(max(x, clamp_low), clamp_high)`",
        operand_bytes="1 or 4 (dtype size)",
        runs="1",
    )

    def evaluate(self, descriptor: Descriptor, operands: Sequence[Array]) -> Array:
        """Returns min(max(x, low), high), int8 or int32."""
        return np.clip(operands[0], descriptor.clamp_low, descriptor.clamp_high)


def draft(x: Value, low: int = 0, high: int | None = None) -> Draft:
    """Clamp to low..high, by default 0 and the largest value of the dtype."""
    top = x.spec.dtype.high if high is None else high
    return Draft(Opcode.RELU, x.spec.dtype, x, fields={"clamp_low": low, "clamp_high": top})


OPERATOR = Relu()
