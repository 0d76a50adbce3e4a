"""Products, quantised forms, recurrent layers and transforms."""

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_nodes.draft import Draft


@operator("MatMul")
def product(draft: Draft, name: str) -> None:
    """Drafts vectors, matrices and batches that broadcast."""
    k, m, n = draft.integer(1, 6), draft.integer(1, 6), draft.integer(1, 6)
    batch = draft.shape(0, 2, 3)
    left, right = (*batch, m, k), (*draft.broadcast(batch), k, n)
    if draft.chance():
        left = draft.choice((left, (k,)))
        right = draft.choice((right, (k,)))
    dtype = draft.choice((np.float32, np.float32, np.float16, np.int32))
    spread = draft.choice(("eighths", "special"))
    names = [draft.input(draft.values(left, dtype, spread))]
    draft.node(name, [*names, draft.operand(draft.values(right, dtype, "eighths"))])


@operator("Gemm")
def gemm(draft: Draft, name: str) -> None:
    """Drafts transposes, factors and every shape of bias."""
    m, k, n = (draft.integer(1, 6) for _ in range(3))
    given = {"transA": draft.integer(0, 1), "transB": draft.integer(0, 1)}
    a = draft.values((k, m) if given["transA"] else (m, k), spread="eighths")
    b = draft.values((n, k) if given["transB"] else (k, n), spread="eighths")
    names = [draft.input(a), draft.operand(b)]
    if draft.chance():
        names.append(draft.operand(draft.values(draft.broadcast((m, n)))))
    draft.node(name, names, alpha=draft.choice((1.0, 0.5)), beta=draft.choice((1.0, 2.0)), **given)


EQUATIONS = {
    "ij,jk->ik": ((3, 4), (4, 2)),
    "bij,bjk": ((2, 3, 4), (2, 4, 2)),
    "ii->i": ((3, 3),),
    "ij->j": ((3, 4),),
    "...ij,...jk->...ik": ((2, 3, 4), (1, 4, 2)),
    "i,j->ij": ((3,), (2,)),
    "bhid,bhjd->bhij": ((1, 2, 3, 4), (1, 2, 2, 4)),
    "ij,ij->": ((2, 3), (2, 3)),
}


@operator("Einsum")
def einsum(draft: Draft, name: str) -> None:
    """Drafts one of several equations."""
    equation = draft.choice(list(EQUATIONS))
    names = [draft.input(draft.values(each, spread="eighths")) for each in EQUATIONS[equation]]
    draft.node(name, names, equation=equation)


@operator("QuantizeLinear", "DequantizeLinear")
def quantised(draft: Draft, name: str) -> None:
    """Drafts one scale, or one per slice of any axis."""
    draft.opset = max(draft.opset, 13)
    shape = draft.shape(1)
    axis = draft.axis(len(shape))
    kind = draft.choice((np.uint8, np.int8))
    size: tuple[int, ...] = (shape[axis],) if draft.chance() else ()
    scale = np.abs(draft.values(size, spread="plain")) + np.float32(0.25)
    zero = draft.values(size, kind)
    spread = draft.choice(("plain", "wide"))
    x = draft.values(shape, np.float32 if name == "QuantizeLinear" else kind, spread)
    names = [draft.input(x), draft.operand(np.asarray(scale, np.float32)), draft.operand(zero)]
    draft.node(name, names[: 2 + draft.integer(0, 1)] if kind is np.uint8 else names, axis=axis)


@operator("DynamicQuantizeLinear")
def dynamic(draft: Draft, name: str) -> None:
    """Drafts a tensor of any range."""
    draft.node(name, [draft.input(draft.values(draft.shape(), spread="plain"))], 3)


@operator("MatMulInteger")
def whole_product(draft: Draft, name: str) -> None:
    """Drafts bytes with and without zero points."""
    m, k, n = (draft.integer(1, 5) for _ in range(3))
    a, b = draft.choice((np.uint8, np.int8)), draft.choice((np.uint8, np.int8))
    names = [draft.input(draft.values((m, k), a)), draft.operand(draft.values((k, n), b))]
    if draft.chance():
        names += [draft.constant(np.array(3, a)), draft.constant(np.array(5, b))]
    draft.node(name, names)


@operator("Det")
def determinant(draft: Draft, name: str) -> None:
    """Drafts batches of small matrices."""
    n = draft.integer(1, 4)
    draft.node(name, [draft.input(draft.values((*draft.shape(0, 2), n, n), spread="eighths"))])


GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@operator(*GATES)
def recurrent(draft: Draft, name: str) -> None:
    """Drafts a layer in any direction, with and without bias and states."""
    steps, batch, width, hidden = (draft.integer(1, 3) for _ in range(4))
    way = draft.choice(("forward", "reverse", "bidirectional"))
    ways = 2 if way == "bidirectional" else 1
    rows = GATES[name] * hidden
    names = [
        draft.input(draft.values((steps, batch, width), spread="eighths")),
        draft.operand(draft.values((ways, rows, width), spread="eighths")),
        draft.operand(draft.values((ways, rows, hidden), spread="eighths")),
    ]
    if draft.chance():
        names.append(draft.operand(draft.values((ways, 2 * rows), spread="eighths")))
        if draft.chance():
            names += ["", draft.input(draft.values((ways, batch, hidden), spread="eighths"))]
    given: dict[str, object] = {"direction": way, "hidden_size": hidden}
    if name == "GRU":
        given["linear_before_reset"] = draft.integer(0, 1)
    draft.node(name, names, 3 if name == "LSTM" else 2, **given)


@operator("DFT")
def fourier(draft: Draft, name: str) -> None:
    """Drafts a transform along any axis but the last, forwards or backwards."""
    draft.opset = 20
    shape = draft.shape(2, 3, 6)
    axis = draft.axis(len(shape))
    parts, given = draft.integer(1, 2), {"inverse": draft.integer(0, 1)}
    if parts == 1 and not given["inverse"]:
        given["onesided"] = draft.integer(0, 1)
    length = draft.ints(draft.integer(1, 7)) if draft.chance() else ""
    if length:
        draft.constants[length] = draft.constants[length].reshape(())
    x = draft.input(draft.values((*shape, parts), spread="eighths"))
    at = draft.constant(np.array(axis if axis >= 0 else axis - 1, np.int64))
    draft.node(name, [x, length, at], **given)


@operator("HannWindow", "HammingWindow", "BlackmanWindow")
def window(draft: Draft, name: str) -> None:
    """Drafts a window of either kind."""
    draft.opset = max(draft.opset, 17)
    length = draft.constant(np.array(draft.integer(3, 9), np.int64))
    draft.node(name, [length], periodic=draft.integer(0, 1))
