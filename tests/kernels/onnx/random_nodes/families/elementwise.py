"""Functions of single elements."""

from typing import Any

import numpy as np
from onnx import TensorProto

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_nodes.draft import SPREADS, Draft

FLOATS = (np.float32, np.float16, np.float64)
INTEGERS = (np.int32, np.int64, np.int8, np.uint8)
ANY = (*FLOATS, *INTEGERS)
ODD = (*SPREADS, "huge")


@operator("Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf",
          "Exp", "Floor", "HardSwish", "Log", "Mish", "Neg", "Reciprocal", "Relu", "Round",
          "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan",
          "Tanh")  # fmt: skip
def plain(draft: Draft, name: str) -> None:
    """Drafts a function of floats."""
    dtype = draft.choice((np.float32, np.float32, np.float16))
    draft.node(name, [draft.input(draft.values(draft.shape(), dtype, draft.choice(ODD)))])


@operator("IsNaN", "IsInf")
def tested(draft: Draft, name: str) -> None:
    """Drafts a test of floats."""
    signs = ("detect_positive", "detect_negative") if name == "IsInf" else ()
    given = {each: draft.integer(0, 1) for each in signs}
    draft.node(name, [draft.input(draft.values(draft.shape(), spread="special"))], **given)


ATTRIBUTES = {
    "Celu": ("alpha",),
    "Elu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "LeakyRelu": ("alpha",),
    "Selu": ("alpha", "gamma"),
    "Shrink": ("bias", "lambd"),
    "ThresholdedRelu": ("alpha",),
}


@operator(*ATTRIBUTES)
def parametric(draft: Draft, name: str) -> None:
    """Drafts a function whose form attributes change."""
    given: dict[str, Any] = {}
    given |= {each: draft.choice((0.5, 1.0, 2.25)) for each in ATTRIBUTES[name] if draft.chance()}
    draft.node(name, [draft.input(draft.values(draft.shape(), spread=draft.choice(ODD)))], **given)


@operator("Gelu")
def gelu(draft: Draft, name: str) -> None:
    """Drafts either form of Gelu."""
    x = draft.input(draft.values(draft.shape()))
    draft.node(name, [x], approximate=draft.choice(("none", "tanh")))


def _pair(draft: Draft, dtype: type, spread: str | None = None) -> tuple[str, str]:
    shape = draft.shape()
    spread = spread or draft.choice(ODD)
    first, second = (
        draft.values(shape, dtype, spread),
        draft.values(draft.broadcast(shape), dtype, spread),
    )
    names = draft.operand(first), draft.input(second)
    return names if draft.chance() else names[::-1]


@operator("Add", "Sub", "Mul", "Div")
def arithmetic(draft: Draft, name: str) -> None:
    """Drafts an operator of two tensors; whole numbers are not divided by zero."""
    dtype = draft.choice((np.float32, np.float32, *ANY))
    if name == "Div" and np.dtype(dtype).kind in "iu":
        shape = draft.shape()
        below = draft.random.integers(1, 10, draft.broadcast(shape)).astype(dtype)
        draft.node(name, [draft.input(draft.values(shape, dtype)), draft.operand(below)])
        return
    draft.node(name, _pair(draft, dtype))


@operator("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
def compared(draft: Draft, name: str) -> None:
    """Drafts a comparison."""
    draft.node(name, _pair(draft, draft.choice((np.float32, np.int32, np.int64))))


@operator("And", "Or", "Xor", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Not", "BitwiseNot")
def bits(draft: Draft, name: str) -> None:
    """Drafts an operator of booleans or bits."""
    dtype = draft.choice((np.int32, np.uint8, np.int8)) if name.startswith("Bit") else np.bool_
    if name.endswith("Not"):
        draft.node(name, [draft.input(draft.values(draft.shape(), dtype))])
    else:
        draft.node(name, _pair(draft, dtype))


@operator("BitShift")
def shifted(draft: Draft, name: str) -> None:
    """Drafts a shift by less than the width."""
    dtype = draft.choice((np.uint8, np.uint32, np.uint64))
    shape = draft.shape()
    by = draft.random.integers(0, 8, draft.broadcast(shape)).astype(dtype)
    x = draft.input(draft.values(shape, dtype))
    draft.node(name, [x, draft.operand(by)], direction=draft.choice(("LEFT", "RIGHT")))


@operator("Mod")
def modulus(draft: Draft, name: str) -> None:
    """Drafts a remainder of either sign."""
    dtype = draft.choice((np.float32, np.int32, np.int64, np.uint8))
    shape = draft.shape()
    below = draft.values(draft.broadcast(shape), dtype)
    if np.dtype(dtype).kind in "iu":
        below = np.where(below == 0, 3, below).astype(dtype)
    fmod = 1 if np.dtype(dtype).kind == "f" else draft.integer(0, 1)
    draft.node(name, [draft.input(draft.values(shape, dtype)), draft.operand(below)], fmod=fmod)


@operator("Pow")
def power(draft: Draft, name: str) -> None:
    """Drafts a power of floats, or a whole one of integers."""
    if draft.chance():
        shape = draft.shape()
        by = draft.random.integers(0, 5, draft.broadcast(shape)).astype(np.int32)
        x = draft.input(draft.values(shape, np.int32))
        draft.node(name, [x, draft.operand(by)])
        return
    draft.node(name, _pair(draft, np.float32, draft.choice(SPREADS)))


@operator("Max", "Min", "Sum", "Mean")
def several(draft: Draft, name: str) -> None:
    """Drafts an operator of one to three tensors."""
    whole = name in ("Max", "Min") and draft.chance()
    dtype = draft.choice((np.int32, np.int64, np.int8) if whole else (np.float32, np.float16))
    shape = draft.shape()
    shapes = [shape, *(draft.broadcast(shape) for _ in range(draft.integer(0, 2)))]
    draft.node(name, [draft.input(draft.values(each, dtype)) for each in shapes])


@operator("Where")
def where(draft: Draft, name: str) -> None:
    """Drafts a choice."""
    shape, dtype = draft.shape(), draft.choice((np.float32, np.int32, np.int64, np.bool_))
    names = [draft.operand(draft.values(draft.broadcast(shape), np.bool_))]
    names += [draft.input(draft.values(each, dtype)) for each in (shape, draft.broadcast(shape))]
    draft.node(name, names)


@operator("PRelu")
def p_relu(draft: Draft, name: str) -> None:
    """Drafts slopes of any shape that broadcasts."""
    shape = draft.shape(1)
    slope = draft.values(draft.broadcast(shape), spread="plain")
    draft.node(name, [draft.input(draft.values(shape)), draft.operand(slope)])


@operator("Clip")
def clip(draft: Draft, name: str) -> None:
    """Drafts either, both or none of the bounds."""
    dtype = draft.choice((np.float32, np.int32, np.int64, np.int8))
    names = [draft.input(draft.values(draft.shape(), dtype))]
    low, high = sorted(draft.random.integers(-6, 7, 2).tolist())
    if np.dtype(dtype).kind == "i" and draft.chance():
        ends = np.iinfo(np.dtype(dtype).name)
        low, high = ends.min, ends.max
    names.append(draft.operand(np.array(low, dtype)) if draft.chance() else "")
    names.append(draft.operand(np.array(high, dtype)) if draft.chance() else "")
    draft.node(name, names)


CASTS = {
    np.float32: TensorProto.FLOAT,
    np.float16: TensorProto.FLOAT16,
    np.float64: TensorProto.DOUBLE,
    np.int32: TensorProto.INT32,
    np.int64: TensorProto.INT64,
    np.int8: TensorProto.INT8,
    np.uint8: TensorProto.UINT8,
    np.bool_: TensorProto.BOOL,
}


@operator("Cast")
def cast(draft: Draft, name: str) -> None:
    """Drafts a cast; floats out of an integer type's range are not defined."""
    source, target = draft.choice(list(CASTS)), draft.choice(list(CASTS))
    spread = None
    if np.dtype(source).kind == "f" and np.dtype(target).kind in "iu":
        spread = "plain"
    values = draft.values(draft.shape(), source, spread)
    if np.dtype(target).kind == "u":
        values = np.abs(values) if np.dtype(source).kind != "b" else values
    draft.node(name, [draft.input(values)], to=CASTS[target])
