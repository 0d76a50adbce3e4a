"""Operators that reduce axes, and those that normalise over them."""

from typing import Any

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_graphs.sketch import Sketch, Tensor

# The opset from which the axes are an input.
AXES_INPUT = {"ReduceSum": 13}
AXES_INPUT_LATER = 18


@operator("ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceL2", "ReduceL1",
          "ReduceSumSquare")  # fmt: skip
def reduce(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a reduction of some or all axes, kept or dropped."""
    axes = [at for at in range(x.rank) if sketch.chance()]
    keep = sketch.chance()
    reduced = axes or list(range(x.rank))
    shape = tuple(
        1 if at in reduced else size for at, size in enumerate(x.shape) if keep or at not in reduced
    )
    written = [at - x.rank if sketch.chance() else at for at in axes]
    if sketch.opset >= AXES_INPUT.get(kind, AXES_INPUT_LATER):
        extra = [sketch.constant(written, np.int64)] if axes else []
        return sketch.node(kind, [x, *extra], shape, keepdims=int(keep))
    given: dict[str, Any] = {"axes": written} if axes else {}
    return sketch.node(kind, [x], shape, keepdims=int(keep), **given)


@operator("Softmax", "LogSoftmax")
def softmax(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a softmax over any axis; the default axis depends on the opset."""
    # Until opset 13 the default axis is the second.
    if (x.rank > 1 or sketch.opset >= 13) and sketch.chance():
        return sketch.node(kind, [x], x.shape)
    return sketch.node(kind, [x], x.shape, axis=sketch.axis(x)[0])


@operator("LayerNormalization")
def layer_norm(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a layer norm over the last axes."""
    written, at = sketch.axis(x)
    scale = sketch.constant(sketch.numbers(x.shape[at:], 0.5, 1.0))
    bias = [sketch.constant(sketch.numbers(x.shape[at:], 0.5))] if sketch.chance() else []
    return sketch.node(kind, [x, scale, *bias], x.shape, axis=written)


@operator("InstanceNormalization")
def instance_norm(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends an instance norm of a tensor [N, C, ...]."""
    x = sketch.with_rank(x, max(x.rank, 3))
    numbers = [sketch.constant(sketch.numbers((x.shape[1],), 0.5, around)) for around in (1.0, 0.0)]
    return sketch.node(kind, [x, *numbers], x.shape)


@operator("RMS norm")
def rms_norm(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends the operators that exporters write for an RMS norm."""
    kept = (*x.shape[:-1], 1)
    square = sketch.node("Pow", [x, sketch.constant(2.0)], x.shape)
    if sketch.opset >= AXES_INPUT_LATER:
        mean = sketch.node("ReduceMean", [square, sketch.constant([-1], np.int64)], kept)
    else:
        mean = sketch.node("ReduceMean", [square], kept, axes=[-1])
    root = sketch.node("Sqrt", [sketch.node("Add", [mean, sketch.constant(1e-5)], kept)], kept)
    normal = sketch.node("Div", [x, root], x.shape)
    return sketch.node(
        "Mul", [normal, sketch.constant(sketch.numbers(x.shape[-1:], 0.5, 1.0))], x.shape
    )
