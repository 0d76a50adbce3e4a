"""Operators that read or write at positions given by a tensor."""

from math import prod

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.node import Node
from kernels.onnx.tolerant.value import Value, strides
from kernels.onnx.tolerant.wgsl import MAX_LOOP, axis_index, strided


def _wrapped(index: str, length: int) -> str:
    return f"select({index}, {index} + {length}, {index} < 0)"


@operator("Gather")
def gather(node: Node) -> Value:
    """Lowers Gather: slices along an axis."""
    value, indices = node.input(0), node.input(1)
    axis = node.axis(0, value.rank)
    length, inner = value.shape[axis], prod(value.shape[axis + 1 :])
    shape = (*value.shape[:axis], *indices.shape, *value.shape[axis + 1 :])
    count = indices.size
    code = (
        f"let inner = i % {inner}u; let row = i / {inner}u; "
        f"let k = $1[row % {max(count, 1)}u]; let outer = row / {max(count, 1)}u; "
        f"let r = $0[(outer * {length}u + u32({_wrapped('k', length)})) * {inner}u + inner];"
    )
    return node.emit([value, indices], shape, value.element, code, node.bounds(value))


@operator("GatherElements")
def gather_elements(node: Node) -> Value:
    """Lowers GatherElements: one element per index, displaced along one axis."""
    value, indices = node.input(0), node.input(1)
    axis = node.axis(0, value.rank)
    steps = list(strides(value.shape))
    step, steps[axis] = steps[axis], 0
    base = strided("i", indices.shape, steps)
    code = f"let k = $1[i]; let r = $0[{base} + u32({_wrapped('k', value.shape[axis])}) * {step}u];"
    return node.emit([value, indices], indices.shape, value.element, code, node.bounds(value))


@operator("GatherND")
def gather_nd(node: Node) -> Value:
    """Lowers GatherND: slices at index tuples."""
    value, indices = node.input(0), node.input(1)
    batch, depth = int(node.attribute("batch_dims", 0)), indices.shape[-1]
    tail = value.shape[batch + depth :]
    shape = (*indices.shape[:-1], *tail)
    inner, steps = prod(tail), strides(value.shape)
    per_batch = prod(indices.shape[batch:-1])
    block = prod(value.shape[batch:])
    code = (
        f"let row = i / {inner}u; var at = row / {max(per_batch, 1)}u * {block}u + i % {inner}u; "
    )
    for k in range(depth):
        code += (
            f"let k{k} = $1[row * {depth}u + {k}u]; "
            f"at += u32({_wrapped(f'k{k}', value.shape[batch + k])}) * {steps[batch + k]}u; "
        )
    code += "let r = $0[at];"
    return node.emit([value, indices], shape, value.element, code, node.bounds(value))


def _combined(node: Node, value: Value) -> str:
    mode = node.attribute("reduction", b"none").decode()
    larger, smaller = "max(r, u)", "min(r, u)"
    if value.element.is_float:
        # In ONNX's reference an update of NaN wins among slices, and loses among elements.
        larger, smaller = "maximum(r, u)", "minimum(r, u)"
        if node.operator != "ScatterND":
            larger, smaller = "select(r, u, exceeds(u, r))", "select(r, u, exceeds(r, u))"
    formula = {
        "none": "u",
        "add": "r + u",
        "mul": "r * u",
        "max": larger,
        "min": smaller,
    }.get(mode)
    if formula is None or (value.element.is_wide and mode in ("add", "mul")):
        raise node.refuse(f"the reduction {mode} of {value.element.name} is not supported")
    return formula


@operator("Scatter", "ScatterElements")
def scatter_elements(node: Node) -> Value:
    """Lowers ScatterElements: each element takes, in order, all updates that point to it."""
    value, indices, updates = node.input(0), node.input(1), node.input(2)
    axis = node.axis(0, value.rank)
    formula = _combined(node, value)
    along = indices.shape[axis]
    if along > MAX_LOOP:
        raise node.refuse(f"{along} updates along an axis exceed {MAX_LOOP}")
    steps, tests, offsets = strides(indices.shape), ["true"], ["0u"]
    code = ""
    for at, length in enumerate(indices.shape):
        if at != axis:
            position = axis_index("i", value.shape, at)
            code += f"let p{at} = {position}; "
            tests.append(f"p{at} < {length}u")
            offsets.append(f"p{at} * {steps[at]}u")
    code += (
        f"let own = i32({axis_index('i', value.shape, axis)}); var r = $0[i]; "
        f"if ({' && '.join(tests)}) {{ let base = {' + '.join(offsets)}; "
        f"for (var n = 0u; n < {along}u; n++) {{ let at = base + n * {steps[axis]}u; "
        f"let k = $1[at]; if ({_wrapped('k', value.shape[axis])} == own) {{ "
        f"let u = $2[at]; r = {formula}; }} }} }}"
    )
    bounds = node.union(value, updates)
    return node.emit([value, indices, updates], value.shape, value.element, code, bounds)


@operator("ScatterND")
def scatter_nd(node: Node) -> Value:
    """Lowers ScatterND: writes slices, in order, at index tuples."""
    value, indices, updates = node.input(0), node.input(1), node.input(2)
    depth = indices.shape[-1]
    count = prod(indices.shape[:-1])
    inner = prod(value.shape[depth:])
    formula = _combined(node, value)
    if count > MAX_LOOP:
        raise node.refuse(f"{count} updates exceed {MAX_LOOP}")
    steps = strides(value.shape[:depth])
    at = " + ".join(
        f"u32({_wrapped(f'i32($1[n * {depth}u + {k}u])', value.shape[k])}) * {steps[k]}u"
        for k in range(depth)
    )
    code = (
        f"let slot = i / {inner}u; let within = i % {inner}u; var r = $0[i]; "
        f"for (var n = 0u; n < {count}u; n++) {{ if ({at or '0u'} == slot) {{ "
        f"let u = $2[n * {inner}u + within]; r = {formula}; }} }}"
    )
    bounds = node.union(value, updates)
    return node.emit([value, indices, updates], value.shape, value.element, code, bounds)


@operator("ReverseSequence")
def reverse_sequence(node: Node) -> Value:
    """Lowers ReverseSequence: reverses the first elements of each sequence."""
    value, lengths = node.input(0), node.input(1)
    time, batch = int(node.attribute("time_axis", 0)), int(node.attribute("batch_axis", 1))
    step = strides(value.shape)[time]
    code = (
        f"let t = i32({axis_index('i', value.shape, time)}); "
        f"let n = $1[{axis_index('i', value.shape, batch)}]; "
        f"let s = select(t, n - 1 - t, t < n); "
        f"let r = $0[u32(i32(i) + (s - t) * {step})];"
    )
    return node.emit([value, lengths], value.shape, value.element, code, node.bounds(value))


@operator("Compress")
def compress(node: Node) -> Value:
    """Lowers Compress: slices whose condition holds, which must be known before the run."""
    value = node.input(0)
    chosen = [at for at, truth in enumerate(node.known(1).reshape(-1)) if truth]
    axis = node.attribute("axis")
    if axis is None:
        shape: tuple[int, ...] = (value.size,)
        at = 0
    else:
        shape, at = value.shape, int(axis) % value.rank
    inner = prod(shape[at + 1 :])
    out = (*shape[:at], len(chosen), *shape[at + 1 :])
    code = (
        f"let inner = i % {inner}u; let row = i / {inner}u; var k = 0u; "
        f"switch (row % {max(len(chosen), 1)}u) {{ "
        + " ".join(f"case {n}u: {{ k = {c}u; }}" for n, c in enumerate(chosen))
        + f" default: {{ }} }} let outer = row / {max(len(chosen), 1)}u; "
        f"let r = $0[(outer * {shape[at]}u + k) * {inner}u + inner];"
    )
    return node.emit([value], out, value.element, code, node.bounds(value))
