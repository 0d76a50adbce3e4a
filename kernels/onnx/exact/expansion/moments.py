"""Recognises norms and shares that are written by sums, as Flax and TensorFlow write them."""

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.expansion.draft import Draft

VIEWS = ("Identity", "Reshape", "Squeeze", "Unsqueeze")


def norm_by_moments(draft: Draft, node: onnx.NodeProto, x: str, factor: str) -> bool:
    """Rewrites (x - mean) · (1 / √(mean of squares - square of the mean + ε) · γ) as a layer norm.

    The difference of two large means is too coarse in integers. Returns false for anything else.
    """
    centred = draft.maker(x)
    if centred is None or centred.op_type != "Sub":
        return False
    source = centred.input[0]
    mean = _mean_of(draft, _beneath(draft, centred.input[1]))
    if mean is None or mean[0] != source:
        return False
    inverse, gamma = _split(draft, factor)
    variance = _under_root(draft, inverse)
    if variance is None or not _is_variance(draft, variance[0], source, mean):
        return False
    axis, shape = mean[1], draft.shape(source)
    scale = np.ones(shape[axis]) if gamma is None else _along(draft.constants[gamma], shape, axis)
    if scale is None:
        return False
    draft.begin(node)
    order = [at for at in range(len(shape)) if at != axis] + [axis]
    moved = source
    if axis != len(shape) - 1:
        moved = draft.node("Transpose", [source], perm=order)
    numbers = [draft.number(scale)]
    back = None if moved != source else node.output[0]
    normal = draft.node("LayerNormalization", [moved, *numbers], back, axis=-1, epsilon=variance[1])
    if back is None:
        turned = [order.index(at) for at in range(len(shape))]
        draft.node("Transpose", [normal], node.output[0], perm=turned)
    return True


def softmax_by_sums(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites e^(z - max) over the sum of the same as a softmax; false for anything else."""
    powers = draft.maker(node.input[0])
    total = draft.maker(_beneath(draft, node.input[1]))
    if powers is None or powers.op_type != "Exp" or total is None:
        return False
    summed = _reduced(draft, total, "ReduceSum")
    apart = draft.maker(powers.input[0])
    if summed is None or summed[0] != node.input[0] or apart is None or apart.op_type != "Sub":
        return False
    z = apart.input[0]
    top = draft.maker(_beneath(draft, apart.input[1]))
    if top is not None and top.op_type == "Max":
        # A bound below every number that is there, as JAX writes it.
        others = [name for name in top.input if draft.constants.get(name) is None]
        lowest = [draft.constants[name] for name in top.input if name in draft.constants]
        if len(others) != 1 or any(np.any(np.isfinite(each)) for each in lowest):
            return False
        top = draft.maker(_beneath(draft, others[0]))
    if top is None or _reduced(draft, top, "ReduceMax") != (z, summed[1]):
        return False
    draft.begin(node)
    draft.node("Softmax", [z], node.output[0], axis=summed[1])
    return True


def _beneath(draft: Draft, name: str) -> str:
    """Returns the tensor that this one is another view of."""
    made = draft.maker(name)
    while made is not None and made.op_type in VIEWS:
        name = str(made.input[0])
        made = draft.maker(name)
    return name


def _reduced(draft: Draft, node: onnx.NodeProto, kind: str) -> tuple[str, int] | None:
    """Returns the operand and the only axis of a reduction, None for anything else."""
    if node.op_type != kind:
        return None
    axes = plain(node).attributes.get("axes")
    if draft.given(node, 1):
        found = draft.constants.get(node.input[1])
        axes = None if found is None else found.reshape(-1).tolist()
    if axes is None or len(axes) != 1:
        return None
    return str(node.input[0]), int(axes[0]) % len(draft.shape(node.input[0]))


def _mean_of(draft: Draft, name: str) -> tuple[str, int] | None:
    """Returns the tensor and the axis that this is the mean of, written as one or as a sum."""
    made = draft.maker(name)
    if made is None:
        return None
    if made.op_type == "ReduceMean":
        return _reduced(draft, made, "ReduceMean")
    if made.op_type not in ("Mul", "Div"):
        return None
    for operand, other in ((0, 1), (1, 0)) if made.op_type == "Mul" else ((0, 1),):
        total, factor = draft.maker(made.input[operand]), draft.constants.get(made.input[other])
        found = None if total is None else _reduced(draft, total, "ReduceSum")
        if found is None or factor is None or factor.size != 1:
            continue
        count = draft.shape(found[0])[found[1]]
        wanted = count if made.op_type == "Div" else 1.0 / count
        if np.isclose(float(factor.reshape(-1)[0]), wanted, rtol=1e-6):
            return found
    return None


def _split(draft: Draft, factor: str) -> tuple[str, str | None]:
    """Returns a factor without the constant that it is multiplied by, and the constant's name."""
    made = draft.maker(factor)
    if made is not None and made.op_type == "Mul":
        for name, other in (made.input, made.input[::-1]):
            if other in draft.constants and name not in draft.constants:
                return str(name), str(other)
    return factor, None


def _under_root(draft: Draft, name: str) -> tuple[str, float] | None:
    """Returns v and ε where a tensor is 1 / √(v + ε)."""
    made = draft.maker(name)
    root = draft.maker(made.input[0]) if made is not None and made.op_type == "Reciprocal" else None
    total = draft.maker(root.input[0]) if root is not None and root.op_type == "Sqrt" else None
    if total is None or total.op_type != "Add":
        return None
    for x, other in (total.input, total.input[::-1]):
        epsilon = draft.constants.get(other)
        if epsilon is not None and epsilon.size == 1:
            return _beneath(draft, x), float(epsilon.reshape(-1)[0])
    return None


def _is_variance(draft: Draft, name: str, source: str, mean: tuple[str, int]) -> bool:
    """Returns whether a tensor is the mean of x² less the square of the mean of x, or 0 if that is
    less."""
    made = draft.maker(name)
    if made is not None and made.op_type in ("Max", "Relu"):
        others = [each for each in made.input if each not in draft.constants]
        bounds = [draft.constants[each] for each in made.input if each in draft.constants]
        if len(others) != 1 or any(np.any(each != 0) for each in bounds):
            return False
        made = draft.maker(others[0])
    if made is None or made.op_type != "Sub":
        return False
    squares, square = _mean_of(draft, made.input[0]), _square_of(draft, made.input[1])
    if squares is None or square is None or squares[1] != mean[1]:
        return False
    return _square_of(draft, squares[0]) == source and _mean_of(draft, square) == mean


def _square_of(draft: Draft, name: str) -> str | None:
    made = draft.maker(name)
    if made is None or made.op_type != "Mul" or made.input[0] != made.input[1]:
        return None
    return str(made.input[0])


def _along(constant: np.ndarray, shape: tuple[int, ...], axis: int) -> np.ndarray | None:
    """Returns the numbers of a constant that differ along one axis alone, None for others."""
    spread = constant.reshape((1,) * (len(shape) - constant.ndim) + constant.shape)
    if any(size != 1 for at, size in enumerate(spread.shape) if at != axis):
        return None
    return np.broadcast_to(spread.reshape(-1), (shape[axis],))
