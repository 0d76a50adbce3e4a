"""Reductions, normalisations and orders along axes."""

import numpy as np

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_nodes.draft import Draft

FLOATS = (np.float32, np.float32, np.float16)


@operator("ReduceSum", "ReduceMean", "ReduceProd", "ReduceMax", "ReduceMin", "ReduceL1",
          "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp")  # fmt: skip
def reduced(draft: Draft, name: str) -> None:
    """Drafts a reduction of some, all or no axes."""
    whole = name not in ("ReduceLogSum", "ReduceLogSumExp") and draft.chance()
    dtype = draft.choice((np.int32, np.int64) if whole else FLOATS)
    shape = draft.shape()
    axes = [at - len(shape) if draft.chance() else at for at in range(len(shape)) if draft.chance()]
    given = {"keepdims": draft.integer(0, 1)}
    x = draft.input(draft.values(shape, dtype))
    if draft.opset < (13 if name == "ReduceSum" else 18):
        extra = []
        if axes:
            draft.node(name, [x], axes=axes, **given)
            return
    else:
        extra = [draft.ints(*axes)] if axes or draft.chance() else []
        if draft.chance():
            given["noop_with_empty_axes"] = 1
    draft.node(name, [x, *extra], **given)


@operator("ArgMax", "ArgMin")
def extreme(draft: Draft, name: str) -> None:
    """Drafts the first or last position of an extreme."""
    shape = draft.shape(1)
    x = draft.input(draft.values(shape, draft.choice((np.float32, np.int32))))
    given = {"keepdims": draft.integer(0, 1), "select_last_index": draft.integer(0, 1)}
    draft.node(name, [x], axis=draft.axis(len(shape)), **given)


@operator("CumSum")
def cumulative(draft: Draft, name: str) -> None:
    """Drafts a running sum in any direction."""
    shape = draft.shape(1)
    x = draft.input(draft.values(shape, draft.choice((np.float32, np.int32, np.int64))))
    axis = draft.constant(np.array(draft.axis(len(shape)), np.int64))
    draft.node(name, [x, axis], exclusive=draft.integer(0, 1), reverse=draft.integer(0, 1))


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(draft: Draft, name: str) -> None:
    """Drafts a softmax over any axis, or the default of its opset."""
    shape = draft.shape(2)
    given = {"axis": draft.axis(len(shape))} if draft.chance() else {}
    # Before opset 13 only onnxruntime tells the result, and its NaN is not ONNX's.
    spread = "plain" if draft.opset < 13 else None
    draft.node(name, [draft.input(draft.values(shape, draft.choice(FLOATS), spread))], **given)


@operator("LpNormalization")
def lp(draft: Draft, name: str) -> None:
    """Drafts a norm of one or two."""
    shape = draft.shape(1)
    x = draft.input(draft.values(shape))
    draft.node(name, [x], axis=draft.axis(len(shape)), p=draft.integer(1, 2))


@operator("TopK")
def top(draft: Draft, name: str) -> None:
    """Drafts the largest or smallest elements along any axis."""
    shape = draft.shape(1)
    axis = draft.axis(len(shape))
    x = draft.input(draft.values(shape, draft.choice((np.float32, np.int32, np.int64))))
    count = draft.ints(draft.integer(1, shape[axis]))
    draft.node(name, [x, count], 2, axis=axis, largest=draft.integer(0, 1))


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def pooled(draft: Draft, name: str) -> None:
    """Drafts a pool of all spatial axes."""
    given = {"p": draft.integer(1, 3)} if name == "GlobalLpPool" else {}
    draft.node(name, [draft.input(draft.values(draft.shape(3, 5), spread="plain"))], **given)


@operator("LayerNormalization")
def layer(draft: Draft, name: str) -> None:
    """Drafts a layer norm over the last axes."""
    shape = draft.shape(1)
    axis = draft.axis(len(shape))
    names = [draft.input(draft.values(shape))]
    names += [draft.operand(draft.values(shape[axis:], spread="plain")) for _ in range(2)]
    draft.node(name, names[: 2 + draft.integer(0, 1)], axis=axis)


@operator("InstanceNormalization", "BatchNormalization", "GroupNormalization")
def channels(draft: Draft, name: str) -> None:
    """Drafts a norm with numbers per channel."""
    groups = draft.integer(1, 2)
    count = groups * draft.integer(1, 3)
    shape = (draft.integer(1, 3), count, *draft.shape(1, 2))
    names = [draft.input(draft.values(shape, spread=draft.choice(("plain", "special"))))]
    numbers = [draft.values((count,), spread="plain") for _ in range(4)]
    numbers[3] = np.abs(numbers[3])
    wanted = 4 if name == "BatchNormalization" else 2
    names += [draft.operand(each) for each in numbers[:wanted]]
    given = {"num_groups": groups} if name == "GroupNormalization" else {}
    draft.opset = max(draft.opset, 21) if name == "GroupNormalization" else draft.opset
    draft.node(name, names, epsilon=draft.choice((1e-5, 0.1)), **given)


@operator("LRN")
def local(draft: Draft, name: str) -> None:
    """Drafts a response norm over any number of channels."""
    shape = (1, draft.integer(1, 6), *draft.shape(2, 2))
    x = draft.input(draft.values(shape, spread="plain"))
    draft.node(name, [x], size=draft.choice((1, 3, 5)), alpha=0.3, beta=draft.choice((0.75, 0.5)))
