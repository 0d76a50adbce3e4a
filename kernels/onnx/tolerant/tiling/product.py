"""Matrix products: an invocation computes up to eight rows by eight columns."""

from math import prod

from kernels.onnx.tolerant.node import Node, broadcast_shape
from kernels.onnx.tolerant.value import Value
from kernels.onnx.tolerant.wgsl import MAX_LOOP, broadcast, iterations


def tiled_product(node: Node, a: Value, b: Value) -> Value:
    """Returns a [..., M, K] times b [..., K, N] of floats, with NumPy's broadcasting of the rest.

    Rows are read as vectors where their length is a multiple of four. Raises UnsupportedOperator
    for sums that are too long for an invocation.
    """
    (m, k), n = a.shape[-2:], b.shape[-1]
    batch = broadcast_shape(a.shape[:-2], b.shape[:-2])
    rows = 8 if m > 4 else 4 if m > 1 else 1
    columns = 8 if m > 1 else 4
    if k // (4 if k % 4 == 0 else 1) + iterations(columns, rows) > MAX_LOOP:
        raise node.refuse(f"sums of {k} terms exceed an invocation's {MAX_LOOP} turns")
    down, across = -(-m // rows), -(-n // columns)
    count = prod(batch) * down * across
    code = (
        f"if (i >= {count}u) {{ return; }} let first = i % {across}u * {columns}u; "
        f"let row = i / {across}u % {down}u * {rows}u; let batch = i / {down * across}u; "
        f"let left = ({broadcast('batch', batch, a.shape[:-2])}) * {m * k}u; "
        f"let right = ({broadcast('batch', batch, b.shape[:-2])}) * {k * n}u; "
    )
    for r in range(rows):
        # Rows and columns beyond the last repeat it, and are not stored.
        code += f"let l{r} = left + min(row + {r}u, {m - 1}u) * {k}u; "
        code += "".join(f"var s{r}_{quad} = vec4f(); " for quad in range(columns // 4))
    code += _sums(rows, columns, k, n)
    picked = []
    for r in range(rows):
        last = "" if columns == 4 else f", s{r}_1[c % 4u], c >= 4u)"
        picked.append(f"select(s{r}_0[c % 4u]{last}" if last else f"s{r}_0[c]")
    code += (
        f"for (var c = 0u; c < {columns}u; c++) {{ if (first + c >= {n}u) {{ break; }} "
        f"var sums = array<f32, {rows}>({', '.join(picked)}); "
        f"for (var r = 0u; r < {rows}u; r++) {{ if (row + r >= {m}u) {{ break; }} "
        f"$out[(batch * {m}u + row + r) * {n}u + first + c] = {a.element.rounded('sums[r]')}; }} }}"
    )
    return node.emit([a, b], (*batch, m, n), a.element, code, invocations=count)


def _sums(rows: int, columns: int, k: int, n: int) -> str:
    step = 4 if k % 4 == 0 else 1
    quads = range(columns // 4)
    code = f"for (var k = 0u; k < {k}u; k += {step}u) {{ "
    for r in range(rows):
        read = f"$v0[(l{r} + k) / 4u]" if step == 4 else f"$0[l{r} + k]"
        code += f"let x{r} = {read}; "
    for part in range(step):
        code += f"{{ let at = right + (k + {part}u) * {n}u + first; "
        for quad in quads:
            code += f"let y{quad} = {_row(n, 4 * quad)}; "
        for r in range(rows):
            x = f"x{r}.{'xyzw'[part]}" if step == 4 else f"x{r}"
            code += "".join(f"s{r}_{quad} += {x} * y{quad}; " for quad in quads)
        code += "} "
    return code + "} "


def _row(n: int, column: int) -> str:
    """Returns four columns of the second matrix's row from first + column on."""
    if n % 4 == 0:
        return f"$v1[(at + min({column}u, {n - 4}u - first)) / 4u]"
    reads = ", ".join(f"$1[at + min({column + c}u, {n - 1}u - first)]" for c in range(4))
    return f"vec4f({reads})"
