"""Functions that are steep near zero, looked up by 14 bits of an int32 tensor."""

from math import prod

import numpy as np

from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, LOW, Node
from kernels.onnx.exact.operators.elementwise import bound, unary
from kernels.onnx.exact.operators.functions import STEEP
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator
from kernels.trace import DType

ENTRIES = 2**14


@operator(*STEEP)
def steep(lowering: Lowering, node: Node) -> None:
    """Lowers a steep function of an int32 tensor to a table of 16,384 int8, read by gather.

    A tensor of 8 bits has no more than 256 values, so it takes the usual table.
    """
    x = lowering.tensor(node)
    form, target = lowering.wanted(node.inputs[0]), lowering.wanted(node.outputs[0])
    if x.dtype is DType.INT8 or form is None or target is None:
        unary(lowering, node)
        return
    low, high = (form.scale * (end - form.zero_point) for end in (LOW, HIGH))
    unit = (high - low) / (ENTRIES - 1)
    emit, build = lowering.emit, lowering.emit.build
    places = emit.stored(emit.int32(x, unit), (prod(x.shape), 1))
    first = round(low / unit)
    if first:
        places = build.add(places, np.full((1, 1, 1, 1), -first, np.int32))
    real = np.arange(first, first + ENTRIES, dtype=np.float64) * unit
    with np.errstate(all="ignore"):
        values = target.of(bound(node, [])(real))
    value = build.gather(places, values.reshape(-1, 1))
    lowering.put(node, Tensor.dense(value, x.shape, target.scale, target.zero_point))
