"""Operators that read or write at given positions."""

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_nodes.draft import Draft

TYPES = (np.float32, np.int64, np.float16)


@operator("Gather", "GatherElements", "Compress", "ReverseSequence")
def gathered(draft: Draft, name: str) -> None:
    """Drafts positions of either sign, conditions or lengths."""
    shape = draft.shape(2)
    axis = draft.axis(len(shape))
    length = shape[axis]
    x = draft.input(draft.values(shape, draft.choice(TYPES)))
    if name == "Compress":
        truths = draft.random.random(draft.integer(1, length)) < 0.5
        draft.node(name, [x, draft.operand(truths)], axis=axis)
    elif name == "ReverseSequence":
        time = draft.integer(0, 1)
        lengths = draft.random.integers(1, shape[time] + 1, shape[1 - time])
        draft.node(name, [x, draft.operand(lengths)], time_axis=time, batch_axis=1 - time)
    else:
        wanted = (
            draft.shape(0, 2)
            if name == "Gather"
            else (*shape[: axis % len(shape)], draft.integer(1, 4), *shape[axis % len(shape) + 1 :])
        )
        at = draft.random.integers(-length, length, wanted)
        draft.node(name, [x, draft.operand(np.asarray(at))], axis=axis)


@operator("GatherND")
def gathered_slices(draft: Draft, name: str) -> None:
    """Drafts index tuples, with and without batches."""
    shape = draft.shape(2)
    batch = draft.integer(0, 1)
    depth = draft.integer(1, len(shape) - batch)
    lead = (*shape[:batch], draft.integer(1, 4))
    columns = [
        draft.random.integers(-shape[batch + k], shape[batch + k], lead) for k in range(depth)
    ]
    at = draft.operand(np.stack(columns, -1))
    draft.node(name, [draft.input(draft.values(shape)), at], batch_dims=batch)


@operator("ScatterElements")
def scattered(draft: Draft, name: str) -> None:
    """Drafts updates at repeated positions with every reduction."""
    draft.opset = max(draft.opset, 18)
    shape = draft.shape(1)
    axis = draft.axis(len(shape))
    count = draft.integer(1, shape[axis])
    wanted = tuple(
        count if at == axis % len(shape) else draft.integer(1, length)
        for at, length in enumerate(shape)
    )
    how = draft.choice(("none", "add", "mul", "max", "min"))
    at = draft.random.integers(-shape[axis], shape[axis], wanted)
    if how == "none":
        # Without a reduction the order of equal positions is not defined.
        each = np.arange(count) - shape[axis]
        at = np.broadcast_to(
            each.reshape([-1 if k == axis % len(shape) else 1 for k in range(len(shape))]), wanted
        )
    x = draft.input(draft.values(shape))
    updates = draft.input(draft.values(wanted))
    draft.node(name, [x, draft.operand(np.array(at)), updates], axis=axis, reduction=how)


@operator("ScatterND")
def scattered_slices(draft: Draft, name: str) -> None:
    """Drafts updated slices with every reduction."""
    draft.opset = max(draft.opset, 18)
    shape = draft.shape(1)
    depth, count = draft.integer(1, len(shape)), draft.integer(1, 3)
    how = draft.choice(("none", "add", "mul", "max", "min"))
    places = draft.random.permutation(int(np.prod(shape[:depth])))[:count]
    at = np.stack(np.unravel_index(places, shape[:depth]), -1)
    if draft.chance():
        at = at - np.array(shape[:depth])
    updates = draft.input(draft.values((len(places), *shape[depth:])))
    x = draft.input(draft.values(shape))
    draft.node(name, [x, draft.operand(at.astype(np.int64)), updates], reduction=how)


@operator("OneHot")
def one_hot(draft: Draft, name: str) -> None:
    """Drafts positions within and beyond the depth."""
    shape, depth = draft.shape(1, 3), draft.integer(1, 4)
    at = draft.operand(draft.random.integers(-depth - 1, depth + 2, shape))
    values = draft.operand(np.array([-1, 2.5], np.float32))
    axis = draft.axis(len(shape) + 1)
    draft.node(name, [at, draft.ints(depth), values], axis=axis)


@operator("EyeLike")
def eye(draft: Draft, name: str) -> None:
    """Drafts a displaced diagonal."""
    x = draft.input(draft.values(draft.shape(2, 2)))
    draft.node(name, [x], k=draft.integer(-4, 4), dtype=draft.choice((1, 6, 7)))


@operator("Range")
def counted(draft: Draft, name: str) -> None:
    """Drafts steps of either sign, which may give nothing."""
    dtype = draft.choice((np.float32, np.int64, np.int32))
    step = draft.choice((1, 2, -1, -3))
    ends = [np.array(draft.integer(-6, 6), dtype) for _ in range(2)]
    names = [draft.operand(each) for each in (*ends, np.array(step, dtype))]
    draft.node(name, names)


@operator("ConstantOfShape")
def filled(draft: Draft, name: str) -> None:
    """Drafts one value everywhere."""
    from onnx import numpy_helper  # noqa: PLC0415

    value = draft.choice((np.float32(-np.inf), np.int64(7), np.float16(0.5), np.bool_(True)))
    tensor = numpy_helper.from_array(np.array([value]))
    draft.node(name, [draft.ints(*draft.shape(1))], value=tensor)


@operator("NonZero", "Unique")
def selected(draft: Draft, name: str) -> None:
    """Drafts what only values decide."""
    shape = draft.shape(1, 3)
    x = draft.input(draft.values(shape, draft.choice((np.float32, np.int64)), "eighths"))
    if name == "NonZero":
        draft.node(name, [x])
    else:
        axis = {"axis": draft.axis(len(shape))} if draft.chance() else {}
        draft.node(name, [x], 4, sorted=draft.integer(0, 1), **axis)
