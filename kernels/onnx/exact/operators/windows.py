"""Sliding windows: padding and pooling."""

from collections.abc import Sequence

import numpy as np

from kernels.codes import MAX_OPERAND_RUNS
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import Node
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator

# One run is left for the weights.
MAX_TAPS = MAX_OPERAND_RUNS - 1


def spatial(x: Tensor, node: Node) -> Tensor:
    """Returns an image [N, C, H, W]; a series of samples [N, C, L] gets a height of 1."""
    if x.layout.ndim == 3:
        return x.viewed(x.layout[:, :, np.newaxis])
    if x.layout.ndim != 4:
        raise LoweringError(node.label, f"an image has two spatial axes, not {x.shape}")
    return x


def padding_of(
    node: Node,
    sizes: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> tuple[int, int, int, int]:
    """Returns top, left, bottom and right from `pads` or `auto_pad`.

    ceil_mode pads more at the end.
    """
    mode = node.attributes.get("auto_pad", "NOTSET")
    extent = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        needed = [
            max((-(-size // step) - 1) * step + width - size, 0)
            for size, step, width in zip(sizes, stride, extent, strict=True)
        ]
        small = [each // 2 for each in needed]
        large = [each - half for each, half in zip(needed, small, strict=True)]
        before, after = (small, large) if mode == "SAME_UPPER" else (large, small)
        return before[0], before[1], after[0], after[1]
    pads = [int(each) for each in node.attributes.get("pads") or (0, 0, 0, 0)]
    if len(pads) == 2:
        pads = [0, pads[0], 0, pads[1]]
    if node.attributes.get("ceil_mode", 0):
        for axis in range(2):
            room = sizes[axis] + pads[axis] + pads[axis + 2] - extent[axis]
            pads[axis + 2] += -room % stride[axis]
    return pads[0], pads[1], pads[2], pads[3]


@operator("MaxPool")
def max_pool(lowering: Lowering, node: Node) -> None:
    """Lowers MaxPool with values as its only output."""
    if len(node.outputs) > 1 or any(each != 1 for each in node.attributes.get("dilations") or ()):
        raise LoweringError(node.label, "indices and dilations have no exact form")
    tensor = lowering.int8(node)
    x = spatial(tensor, node)
    kernel, stride = _window(node)
    value = lowering.emit.stored(_image(x), _image(x).shape)
    pooled = lowering.emit.build.max_pool(
        value,
        kernel,
        stride=stride,
        padding=padding_of(node, x.shape[2:], kernel, stride, (1, 1)),
    )
    result = Tensor.dense(pooled, pooled.spec.shape, x.scale, x.zero_point)
    _put(lowering, node, result, len(tensor.shape))


@operator("AveragePool")
def average_pool(lowering: Lowering, node: Node) -> None:
    """Lowers AveragePool to a depthwise convolution with ones."""
    tensor = lowering.int8(node)
    x = spatial(tensor, node)
    kernel, stride = _window(node)
    padding = padding_of(node, x.shape[2:], kernel, stride, (1, 1))
    taps = kernel[0] * kernel[1]
    if kernel == x.shape[2:] and not any(padding):
        averaged(lowering, node, x, (2, 3), keep=True)
        return
    if any(padding) and not node.attributes.get("count_include_pad", 0):
        raise LoweringError(node.label, "padding that is not counted has no exact form")
    if taps > MAX_TAPS:
        raise LoweringError(node.label, f"a window of {taps} elements; at most {MAX_TAPS}")
    value = lowering.emit.stored(_image(x), _image(x).shape)
    ones = np.ones((x.shape[1], *kernel, 1), np.int8)
    summed = lowering.emit.build.depthwise(
        value,
        ones,
        stride=stride,
        padding=padding,
        pad_value=x.zero_point,
        zero_point_in=x.zero_point,
    )
    result = Tensor.dense(summed, summed.spec.shape, float(x.scale) / taps)
    _put(lowering, node, result, len(tensor.shape))


@operator("GlobalAveragePool")
def global_average_pool(lowering: Lowering, node: Node) -> None:
    """Lowers the mean over all spatial axes."""
    x = lowering.int8(node)
    averaged(lowering, node, x, tuple(range(2, x.layout.ndim)), keep=True)


@operator("ReduceMean")
def reduce_mean(lowering: Lowering, node: Node) -> None:
    """Lowers ReduceMean over constant axes."""
    _reduce(lowering, node, mean=True)


@operator("ReduceSum")
def reduce_sum(lowering: Lowering, node: Node) -> None:
    """Lowers ReduceSum over constant axes."""
    _reduce(lowering, node, mean=False)


def averaged(
    lowering: Lowering,
    node: Node,
    x: Tensor,
    axes: tuple[int, ...],
    *,
    keep: bool,
    mean: bool = True,
) -> None:
    """Sums rows that hold the axes, at the scale of their mean unless `mean` is false."""
    kept = tuple(axis for axis in range(x.layout.ndim) if axis not in axes)
    sizes = tuple(x.shape[axis] for axis in kept)
    count = int(np.prod([x.shape[axis] for axis in axes]))
    rows = x.viewed(x.layout.transpose(*kept, *axes))
    value = lowering.emit.stored(rows, (int(np.prod(sizes)), count))
    summed = lowering.emit.build.reduce_sum(value)
    if x.zero_point:
        off = np.full((1, 1, 1, 1), -count * x.zero_point, np.int32)
        summed = lowering.emit.build.add(summed, off)
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    result = Tensor.dense(summed, shape if keep else sizes, float(x.scale) / (count if mean else 1))
    lowering.put(node, result)


def _reduce(lowering: Lowering, node: Node, *, mean: bool) -> None:
    x = lowering.tensor(node)
    if x.per_channel:
        x = lowering.int8(node)
    given = node.attributes.get("axes")
    if given is None and lowering.has(node, 1):
        given = lowering.integers(node, 1)
    axes = tuple(int(axis) % x.layout.ndim for axis in (given or range(x.layout.ndim)))
    keep = bool(node.attributes.get("keepdims", 1))
    averaged(lowering, node, x, axes, keep=keep, mean=mean)


def _window(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    kernel = [int(each) for each in node.attributes["kernel_shape"]]
    stride = [int(each) for each in node.attributes.get("strides") or [1] * len(kernel)]
    if len(kernel) == 1:
        kernel, stride = [1, *kernel], [1, *stride]
    return (kernel[0], kernel[1]), (stride[0], stride[1])


def _image(x: Tensor) -> Tensor:
    return x.viewed(x.layout.transpose(0, 2, 3, 1))


def _put(lowering: Lowering, node: Node, result: Tensor, axes: int) -> None:
    seen = result.layout.transpose(0, 3, 1, 2)
    lowering.put(node, result.viewed(seen[:, :, 0] if axes == 3 else seen))
