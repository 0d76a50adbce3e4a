"""Operators that sort elements or write them to given positions."""

from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, INT64
from kernels.onnx.tolerant.families.movement import padded, transposed
from kernels.onnx.tolerant.families.reduction import rows
from kernels.onnx.tolerant.node import Node, reshaped
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import MAX_LOOP


@operator("TopK")
def top_k(node: Node) -> list[Value]:
    """Lowers TopK: the k largest or smallest elements along an axis, in order.

    Of equal elements the first comes first; NaN is larger than every number.
    """
    value = node.input(0)
    axis = node.axis(-1, value.rank)
    k = node.ints(1)[0] if node.has(1) else int(node.attribute("k"))
    length = value.shape[axis]
    if length > MAX_LOOP:
        raise node.refuse(f"an axis has {length} elements, above {MAX_LOOP}")
    table = rows(node, value, [axis])
    sign = ">" if node.attribute("largest", 1) else "<"
    key = "place_of" if value.element.is_float else ""
    code = (
        f"let row = i / {length}u * {length}u; let at = i % {length}u; let x = {key}($0[i]); "
        f"var r = 0i; for (var k = 0u; k < {length}u; k++) {{ let y = {key}($0[row + k]); "
        f"if (y {sign} x || (y == x && k < at)) {{ r++; }} }}"
    )
    rank = node.emit([table], table.shape, ELEMENTS[INT64], code, (0, length))
    code = (
        f"let row = i / {max(k, 1)}u * {length}u; let wanted = i32(i % {max(k, 1)}u); var r = 0i; "
        f"for (var k = 0u; k < {length}u; k++) {{ "
        f"if ($0[row + k] == wanted) {{ r = i32(k); }} }}"
    )
    out = (table.shape[0], k)
    places = node.emit([rank], out, ELEMENTS[INT64], code, (0, length))
    code = f"let r = $0[i / {max(k, 1)}u * {length}u + u32($1[i])];"
    values = node.emit([table, places], out, value.element, code, node.bounds(value))
    return [_back(node, each, value, axis) for each in (values, places)]


def _back(node: Node, found: Value, value: Value, axis: int) -> Value:
    order = [at for at in range(value.rank) if at != axis] + [axis]
    shape = [*(value.shape[at] for at in order[:-1]), found.shape[-1]]
    moved = reshaped(found, shape)
    if order == sorted(order):
        return moved
    return transposed(node, moved, [order.index(at) for at in range(value.rank)])


@operator("TensorScatter")
def tensor_scatter(node: Node) -> Value:
    """Lowers TensorScatter: writes new entries into a cache from one index per batch on.

    A circular cache continues at its start.
    """
    value, update = node.input(0), node.input(1)
    axis = node.axis(-2, value.rank)
    length, count = value.shape[axis], update.shape[axis]
    outer, inner = prod(value.shape[:axis]), prod(value.shape[axis + 1 :])
    per_batch = outer // max(value.shape[0], 1)
    inputs, start = [value, update], "0"
    if node.has(2):
        inputs.append(node.input(2))
        start = f"$2[outer / {max(per_batch, 1)}u]"
    wrap = f" % {length}" if node.attribute("mode", b"linear") == b"circular" else ""
    code = (
        f"let inner = i % {inner}u; let at = i32(i / {inner}u % {length}u); "
        f"let outer = i / {inner * length}u; let first = i32({start}); var r = $0[i]; "
        f"for (var k = 0; k < {count}; k++) {{ if ((first + k){wrap} == at) {{ "
        f"r = $1[(outer * {count}u + u32(k)) * {inner}u + inner]; }} }}"
    )
    return node.emit(inputs, value.shape, value.element, code, node.union(value, update))


@operator("MaxUnpool")
def max_unpool(node: Node) -> Value:
    """Lowers MaxUnpool: each element at the position where the pool found it, zeros elsewhere."""
    value, places = node.input(0), node.input(1)
    node.floating(value)
    kernel = node.attribute("kernel_shape")
    steps = node.attribute("strides", [1] * len(kernel))
    pads = node.attribute("pads", [0] * 2 * len(kernel))
    shape = list(value.shape[:2])
    for at, size in enumerate(kernel):
        cut = pads[at] + pads[len(kernel) + at]
        shape.append((value.shape[2 + at] - 1) * steps[at] - cut + size)
    if value.size > MAX_LOOP:
        raise node.refuse(f"{value.size} elements exceed {MAX_LOOP}")
    code = (
        f"var r = 0.0; for (var k = 0u; k < {value.size}u; k++) "
        "{ if (u32($1[k]) == i) { r = $0[k]; } }"
    )
    found = node.emit([value, places], shape, value.element, code)
    if not node.has(2) or node.ints(2) == shape:
        return found
    wanted = tuple(node.ints(2))
    return padded(node, [found], wanted, [0] * len(wanted), "constant", "0.0")
