"""Matrix products, convolutions, pooling and resampling."""

from typing import Any

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_graphs.sketch import Sketch, Tensor


@operator("MatMul")
def matmul(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a product with constant weights, or with a computed tensor."""
    x = sketch.with_rank(x, max(x.rank, 2))
    if sketch.chance():
        turned = (*range(x.rank - 2), x.rank - 1, x.rank - 2)
        shape = tuple(x.shape[at] for at in turned)
        other = sketch.node("Transpose", [x], shape, perm=list(turned))
        return sketch.node(kind, [x, other], (*x.shape[:-1], x.shape[-2]))
    width = sketch.integer(1, 6)
    weights = sketch.constant(_weights(sketch, (x.shape[-1], width)))
    return sketch.node(kind, [x, weights], (*x.shape[:-1], width))


@operator("Gemm")
def gemm(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends Gemm with either transpose, factors, and a bias of any shape that broadcasts."""
    x = sketch.with_rank(x, 2)
    width = sketch.integer(1, 6)
    turned, other = sketch.chance(), sketch.chance()
    rows, terms = x.shape[::-1] if turned else x.shape
    weights = sketch.constant(_weights(sketch, (width, terms) if other else (terms, width)))
    inputs: list[Tensor | str] = [x, weights]
    if sketch.chance():
        inputs.append(sketch.constant(sketch.numbers(sketch.broadcast((rows, width)))))
    given: dict[str, Any] = {
        name: sketch.choice((0.5, 2.0)) for name in ("alpha", "beta") if sketch.chance()
    }
    return sketch.node(kind, inputs, (rows, width), transA=int(turned), transB=int(other), **given)


@operator("Conv")
def convolution(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a convolution with groups, strides, dilations and paddings of any side."""
    x = sketch.with_rank(x, sketch.choice((4, 3)))
    size = x.shape[2:]
    groups = sketch.choice([each for each in range(1, x.shape[1] + 1) if x.shape[1] % each == 0])
    outputs = groups * sketch.integer(1, 3)
    kernel = [sketch.integer(1, 5) for _ in size]
    dilation = [sketch.integer(1, 2) for _ in size]
    stride = [sketch.integer(1, 2) for _ in size]
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    before = [sketch.integer(0, each - 1) for each in extent]
    after = [
        max(sketch.integer(0, each - 1), each - start - length)
        for each, start, length in zip(extent, before, size, strict=True)
    ]
    shape = [
        (length + start + end - each) // step + 1
        for length, start, end, each, step in zip(size, before, after, extent, stride, strict=True)
    ]
    weights = sketch.constant(_weights(sketch, (outputs, x.shape[1] // groups, *kernel)))
    inputs: list[Tensor | str] = [x, weights]
    if sketch.chance():
        inputs.append(sketch.constant(sketch.numbers((outputs,))))
    return sketch.node(
        kind,
        inputs,
        (x.shape[0], outputs, *shape),
        kernel_shape=kernel,
        dilations=dilation,
        strides=stride,
        pads=[*before, *after],
        group=groups,
    )


@operator("MaxPool", "AveragePool")
def pool(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a pooling with paddings and, for averages, either count."""
    x = sketch.with_rank(x, sketch.choice((4, 3)))
    size = x.shape[2:]
    kernel = [sketch.integer(1, min(5, length)) for length in size]
    stride = [sketch.integer(1, 2) for _ in size]
    before = [sketch.integer(0, each // 2) for each in kernel]
    after = [sketch.integer(0, each // 2) for each in kernel]
    shape = [
        (length + start + end - each) // step + 1
        for length, start, end, each, step in zip(size, before, after, kernel, stride, strict=True)
    ]
    given: dict[str, Any] = {"kernel_shape": kernel, "strides": stride, "pads": [*before, *after]}
    if kind == "AveragePool" and sketch.chance():
        given["count_include_pad"] = 1
    return sketch.node(kind, [x], (*x.shape[:2], *shape), **given)


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a pooling of all spatial axes."""
    x = sketch.with_rank(x, 4)
    return sketch.node(kind, [x], (*x.shape[:2], 1, 1))


@operator("ConvTranspose")
def transposed(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a transposed convolution with strides and output paddings."""
    x = sketch.with_rank(x, 4)
    outputs, kernel = sketch.integer(1, 3), [sketch.integer(1, 3) for _ in range(2)]
    stride = [sketch.integer(1, 2) for _ in range(2)]
    extra = [sketch.integer(0, each - 1) for each in stride]
    shape = [
        (size - 1) * step + width + end
        for size, step, width, end in zip(x.shape[2:], stride, kernel, extra, strict=True)
    ]
    weights = sketch.constant(_weights(sketch, (x.shape[1], outputs, *kernel)))
    return sketch.node(
        kind,
        [x, weights],
        (x.shape[0], outputs, *shape),
        kernel_shape=kernel,
        strides=stride,
        output_padding=extra,
    )


@operator("Resize")
def resize(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a resize of an image to twice or three times its size, nearest or linear."""
    x = sketch.with_rank(x, 4)
    factor = sketch.integer(1, 3)
    mode = sketch.choice(("nearest", "linear"))
    shape = (*x.shape[:2], x.shape[2] * factor, x.shape[3] * factor)
    scales = sketch.constant([1, 1, factor, factor])
    given: dict[str, Any] = {
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    if mode == "linear":
        given = {"coordinate_transformation_mode": "half_pixel"}
    region = sketch.constant([]) if sketch.opset < 13 else ""
    return sketch.node(kind, [x, region, scales], shape, mode=mode, **given)


@operator("DepthToSpace", "SpaceToDepth")
def blocks(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends a move between channels and space by blocks of 2."""
    x = sketch.with_rank(x, 4)
    n, c, h, w = x.shape
    if kind == "SpaceToDepth":
        if h % 2 or w % 2:
            return global_pool(sketch, x, "GlobalMaxPool")
        return sketch.node(kind, [x], (n, c * 4, h // 2, w // 2), blocksize=2)
    if c % 4:
        return global_pool(sketch, x, "GlobalMaxPool")
    mode = sketch.choice(("DCR", "CRD"))
    return sketch.node(kind, [x], (n, c // 4, h * 2, w * 2), blocksize=2, mode=mode)


def _weights(sketch: Sketch, shape: tuple[int, ...]) -> np.ndarray:
    """Returns weights of one size, or of very different ones per output, with a dead one."""
    values = sketch.numbers(shape, 0.5)
    match sketch.choice(("even", "uneven", "dead")):
        case "uneven":
            values *= np.logspace(-3, 1, shape[0], dtype=np.float32).reshape(
                -1, *[1] * (len(shape) - 1)
            )
        case "dead":
            values[0] = 0
    return values
