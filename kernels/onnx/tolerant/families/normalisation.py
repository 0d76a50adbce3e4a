"""Normalisations over a batch, a layer, a group or an instance."""

from collections.abc import Sequence
from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT
from kernels.onnx.tolerant.families.reduction import fold, rows
from kernels.onnx.tolerant.node import Node, reshaped
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import literal

_WIDE = ELEMENTS[FLOAT]


def moments(node: Node, table: Value) -> tuple[Value, Value]:
    """Returns the mean and the variance of each row, in float32."""
    length = table.shape[1]
    total = fold(node, table, "0.0", "acc + x", "f32(@)", element=_WIDE)
    mean = node.emit([total], total.shape, _WIDE, f"let r = $0[i] / {length}.0;")
    square = "(@ - $1[row]) * (@ - $1[row])"
    spread = fold(node, table, "0.0", "acc + x", square, extra=[mean], element=_WIDE)
    return mean, node.emit([spread], spread.shape, _WIDE, f"let r = $0[i] / {length}.0;")


@operator("LayerNormalization")
def layer_normalization(node: Node) -> list[Value]:
    """Lowers LayerNormalization over the axes from `axis` on.

    The mean and the inverse deviation are outputs too.
    """
    value, scale = node.input(0), node.input(1)
    node.floating(value)
    axis = node.axis(-1, value.rank)
    outer, length = prod(value.shape[:axis]), prod(value.shape[axis:])
    table = reshaped(value, (outer, length))
    mean, variance = moments(node, table)
    epsilon = literal(node.attribute("epsilon", 1e-5))
    inverse = node.emit([variance], (outer,), _WIDE, f"let r = 1.0 / sqrt($0[i] + {epsilon});")
    inputs, rest = [table, mean, inverse, scale], ""
    if node.has(2):
        inputs.append(node.input(2))
        rest = f" + $4[i % {max(node.input(2).size, 1)}u]"
    code = (
        f"let row = i / {length}u; let r = ($0[i] - $1[row]) * $2[row] "
        f"* $3[i % {max(scale.size, 1)}u]{rest};"
    )
    found = node.emit(inputs, table.shape, value.element, code)
    kept = (*value.shape[:axis], *[1] * (value.rank - axis))
    results = [reshaped(found, value.shape), reshaped(mean, kept), reshaped(inverse, kept)]
    return results[: len(node.outputs)]


@operator("InstanceNormalization")
def instance_normalization(node: Node) -> Value:
    """Lowers InstanceNormalization: each channel of each image separately."""
    value = node.input(0)
    node.floating(value)
    batch, channels = value.shape[:2]
    return grouped(node, value, batch * channels, [node.input(1), node.input(2)])


def grouped(node: Node, value: Value, groups: int, affine: Sequence[Value]) -> Value:
    """Returns the value normalised over groups of equal length.

    It is then scaled and shifted per channel.
    """
    channels, plane = value.shape[1], prod(value.shape[2:])
    table = reshaped(value, (groups, value.size // groups))
    mean, variance = moments(node, table)
    epsilon = literal(node.attribute("epsilon", 1e-5))
    code = (
        f"let row = i / {table.shape[1]}u; let c = i / {plane}u % {channels}u; "
        f"let r = ($0[i] - $1[row]) / sqrt($2[row] + {epsilon}) * $3[c] + $4[c];"
    )
    found = node.emit([table, mean, variance, *affine], table.shape, value.element, code)
    return reshaped(found, value.shape)


@operator("GroupNormalization")
def group_normalization(node: Node) -> Value:
    """Lowers GroupNormalization; before opset 21, scale and bias are given per group."""
    value = node.input(0)
    node.floating(value)
    batch, channels, groups = *value.shape[:2], int(node.attribute("num_groups"))
    affine = [node.input(1), node.input(2)]
    if affine[0].size != channels:
        per = channels // groups
        affine = [
            node.emit([each], (channels,), each.element, f"let r = $0[i / {per}u];")
            for each in affine
        ]
    return grouped(node, value, batch * groups, affine)


@operator("BatchNormalization")
def batch_normalization(node: Node) -> list[Value]:
    """Lowers BatchNormalization by given statistics.

    In training mode it uses those of the batch, which are outputs too.
    """
    value, scale, bias, mean, variance = (node.input(at) for at in range(5))
    node.floating(value)
    channels = value.shape[1] if value.rank > 1 else 1
    plane = prod(value.shape[2:])
    extra: list[Value] = []
    if node.attribute("training_mode", 0):
        axes = [at for at in range(value.rank) if at != 1]
        given = mean, variance
        mean, variance = moments(node, rows(node, value, axes))
        kept = literal(node.attribute("momentum", 0.9))
        code = f"let r = $0[i] * {kept} + $1[i] * (1.0 - {kept});"
        extra = [
            node.emit([old, new], (channels,), old.element, code)
            for old, new in zip(given, (mean, variance), strict=True)
        ]
    epsilon = literal(node.attribute("epsilon", 1e-5))
    code = (
        f"let c = i / {plane}u % {channels}u; "
        f"let r = ($0[i] - $3[c]) / sqrt($4[c] + {epsilon}) * $1[c] + $2[c];"
    )
    found = node.emit([value, scale, bias, mean, variance], value.shape, value.element, code)
    return [found, *extra]


@operator("LRN")
def local_response(node: Node) -> Value:
    """Lowers LRN: divides by a power of the squares of neighbouring channels."""
    value = node.input(0)
    node.floating(value)
    size = int(node.attribute("size"))
    channels, plane = value.shape[1], prod(value.shape[2:])
    alpha, beta = node.attribute("alpha", 1e-4), node.attribute("beta", 0.75)
    bias = literal(node.attribute("bias", 1.0))
    code = (
        f"let c = i32(i / {plane}u % {channels}u); var sum = 0.0; "
        f"for (var k = max(0, c - {(size - 1) // 2}); "
        f"k <= min({channels - 1}, c + {size - 1 - (size - 1) // 2}); k++) {{ "
        f"let x = $0[u32(i32(i) + (k - c) * {plane})]; sum += x * x; }} "
        f"let r = $0[i] / power({bias} + {literal(alpha / size)} * sum, {literal(beta)});"
    )
    return node.emit([value], value.shape, value.element, code)
