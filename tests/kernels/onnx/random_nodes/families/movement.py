"""Operators that move elements."""

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_nodes.draft import Draft

TYPES = (np.float32, np.int64, np.float16, np.bool_, np.int8)


def _tensor(draft: Draft, shape: tuple[int, ...]) -> str:
    return draft.input(draft.values(shape, draft.choice(TYPES)))


@operator("Transpose")
def transpose(draft: Draft, name: str) -> None:
    """Drafts any order of axes."""
    shape = draft.shape(1, 5)
    order = draft.random.permutation(len(shape)).tolist()
    draft.node(name, [_tensor(draft, shape)], **({"perm": order} if draft.chance() else {}))


@operator("Reshape")
def reshape(draft: Draft, name: str) -> None:
    """Drafts a shape with a copied and an inferred axis."""
    shape = draft.shape(2)
    wanted = [draft.choice((0, shape[0])), *shape[1:][::-1]]
    if draft.chance():
        wanted = [*wanted[:1], -1]
    draft.node(name, [_tensor(draft, shape), draft.ints(*wanted)])


@operator("Squeeze", "Unsqueeze")
def squeezed(draft: Draft, name: str) -> None:
    """Drafts removed or inserted axes of one."""
    shape = draft.shape(1)
    if name == "Squeeze":
        at = draft.integer(0, len(shape))
        x = _tensor(draft, (*shape[:at], 1, *shape[at:]))
        axis = draft.choice((at, at - len(shape) - 1))
    else:
        x, axis = _tensor(draft, shape), draft.axis(len(shape) + 1)
    if draft.opset < 13:
        draft.node(name, [x], axes=[abs(axis) if axis >= 0 else axis])
    else:
        draft.node(name, [x, draft.ints(axis)])


@operator("Flatten")
def flatten(draft: Draft, name: str) -> None:
    """Drafts two axes."""
    shape = draft.shape(1)
    draft.node(name, [_tensor(draft, shape)], axis=draft.integer(-len(shape), len(shape)))


@operator("Expand", "Tile")
def repeated(draft: Draft, name: str) -> None:
    """Drafts a broadcast or repetitions."""
    shape = draft.shape(1)
    if name == "Expand":
        draft.node(name, [_tensor(draft, draft.broadcast(shape)), draft.ints(*shape)])
    else:
        times = [draft.integer(0, 3) for _ in shape]
        draft.node(name, [_tensor(draft, shape), draft.ints(*times)])


@operator("Concat")
def concat(draft: Draft, name: str) -> None:
    """Drafts parts of different lengths along any axis."""
    shape, dtype = list(draft.shape(1)), draft.choice(TYPES)
    axis, names = draft.axis(len(shape)), []
    for _ in range(draft.integer(1, 5)):
        shape[axis] = draft.integer(0, 3)
        names.append(draft.operand(draft.values(tuple(shape), dtype)))
    draft.node(name, names, axis=axis)


@operator("Split")
def split(draft: Draft, name: str) -> None:
    """Drafts even and uneven parts."""
    shape = draft.shape(1, 4, 6)
    axis = draft.axis(len(shape))
    first = draft.integer(0, shape[axis])
    x = _tensor(draft, shape)
    if draft.opset < 13:
        draft.node(name, [x], 2, axis=axis, split=[first, shape[axis] - first])
    else:
        draft.node(name, [x, draft.ints(first, shape[axis] - first)], 2, axis=axis)


@operator("Slice")
def sliced(draft: Draft, name: str) -> None:
    """Drafts steps of either sign and ends beyond the tensor."""
    shape = draft.shape(1)
    axes = [at for at in range(len(shape)) if draft.chance()] or [0]
    ends = [(draft.integer(-8, 8), draft.integer(-8, 8)) for _ in axes]
    if draft.chance():
        ends[0] = draft.choice(((0, 2**63 - 1), (2**31, -(2**63)), (-1, -(2**31))))
    steps = [draft.choice((1, -1, 2, -3)) for _ in axes]
    named = [at - len(shape) if draft.chance() else at for at in axes]
    rows = [[a for a, _ in ends], [b for _, b in ends], named, steps]
    draft.node(name, [_tensor(draft, shape), *(draft.ints(*row) for row in rows)])


@operator("Pad")
def pad(draft: Draft, name: str) -> None:
    """Drafts borders in every mode; constant ones may cut."""
    shape, mode = draft.shape(1), draft.choice(("constant", "edge", "reflect"))
    most = [0 if mode == "reflect" and length < 2 else 2 for length in shape]
    most = [min(m, n - 1) if mode == "reflect" else m for m, n in zip(most, shape, strict=True)]
    low = -1 if mode == "constant" else 0
    pads = [draft.integer(max(low, 1 - n), m) for m, n in zip(most, shape, strict=True)]
    pads += [draft.integer(0, m) for m in most]
    names = [draft.input(draft.values(shape)), draft.ints(*pads)]
    if mode == "constant" and draft.chance():
        names.append(draft.constant(np.float32(draft.choice((0.5, -np.inf)))))
    draft.node(name, names, mode=mode)


@operator("DepthToSpace", "SpaceToDepth")
def blocks(draft: Draft, name: str) -> None:
    """Drafts blocks of two or three."""
    side = draft.integer(2, 3)
    n, c, h, w = draft.shape(4, 4, 3)
    if name == "DepthToSpace":
        mode = draft.choice(("DCR", "CRD"))
        x = draft.input(draft.values((n, c * side * side, h, w)))
        draft.node(name, [x], blocksize=side, mode=mode)
    else:
        draft.node(name, [draft.input(draft.values((n, c, h * side, w * side)))], blocksize=side)


@operator("Trilu")
def triangle(draft: Draft, name: str) -> None:
    """Drafts either triangle, displaced."""
    k = draft.constant(np.array(draft.integer(-5, 5), np.int64))
    draft.node(name, [_tensor(draft, draft.shape(2)), k], upper=draft.integer(0, 1))


@operator("CenterCropPad")
def centred(draft: Draft, name: str) -> None:
    """Drafts a crop or pad of some axes."""
    draft.opset = max(draft.opset, 18)
    shape = draft.shape(1)
    axes = sorted({draft.integer(0, len(shape) - 1) for _ in range(2)})
    wanted = [draft.integer(1, 7) for _ in axes]
    draft.node(name, [_tensor(draft, shape), draft.ints(*wanted)], axes=axes)


@operator("Identity", "Shape", "Size")
def described(draft: Draft, name: str) -> None:
    """Drafts what a tensor is."""
    given = {}
    if name == "Shape" and draft.opset >= 15:
        given = {"start": draft.integer(-3, 3), "end": draft.integer(-3, 5)}
    draft.node(name, [_tensor(draft, draft.shape())], **given)
