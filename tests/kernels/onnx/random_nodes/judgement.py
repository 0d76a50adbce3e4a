"""Compares a node or a graph in the tolerant class with onnxruntime and ONNX's reference."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

from kernels.onnx.tolerant import Run, UnsupportedOperator
from kernels.onnx.tolerant.element import Array

QUIET = 4
RELATIVE = {"float32": 2e-5, "float64": 2e-5, "float16": 4e-3}
# A share of the largest value, which sums of different signs lose.
OF_LARGEST = {"float32": 2e-6, "float64": 2e-6, "float16": 2e-3}
# Smaller results, and results of smaller steps, may be zero.
LEAST = 1e-30
NUDGE = 2e-7

Outputs = list[Array]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found: why it was refused, or what differs, or neither."""

    refusal: str | None = None
    fault: str | None = None


class Runner(Protocol):
    """Runs a model in the tolerant class."""

    def run(self, model: onnx.ModelProto, inputs: Mapping[str, Array]) -> Run:
        """See TolerantRunner."""


def judged(runner: Runner, model: onnx.ModelProto, feeds: Mapping[str, Array]) -> Verdict:
    """Returns whether the model is right, or was refused.

    An element is right when either reference has it. None is judged where both fail.
    """
    wanted = [each for each in (_session(model, feeds), _reference(model, feeds)) if each]
    if not wanted:
        return Verdict("no reference runs it")
    try:
        found = [*runner.run(model, feeds).outputs.values()]
    except UnsupportedOperator as error:
        return Verdict(refusal=str(error))
    spread = _spread(model, feeds, wanted[0])
    for at, output in enumerate(found):
        tries = [
            _difference(output, each[at], spread[at])
            for each in wanted
            if each[at].shape == output.shape
        ]
        if not tries:
            return Verdict(fault=f"shape {output.shape}, not {[e[at].shape for e in wanted]}")
        wrong = np.logical_and.reduce(tries)
        if wrong.any():
            place = tuple(int(k) for k in np.argwhere(wrong)[0])
            told = [each[at][place] for each in wanted if each[at].shape == output.shape]
            return Verdict(fault=f"output {at} at {place} is {output[place]}, not {told}")
    return Verdict()


def _difference(found: Array, wanted: Array, spread: Array) -> Any:
    """Returns where two outputs differ by more than a tolerance and the given spread."""
    if wanted.dtype.kind != "f" or found.dtype.kind != "f":
        return (found != wanted) & ~(spread > 0)
    left, right = found.astype(np.float64), wanted.astype(np.float64)
    finite = np.abs(right[np.isfinite(right)])
    largest = float(np.max(finite, initial=0.0))
    name = str(found.dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(left - right) <= (
            RELATIVE[name] * np.abs(right) + OF_LARGEST[name] * largest + LEAST + 20 * spread
        )
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    # onnxruntime's pools begin with the least finite number, below which there is minus infinity.
    same |= (right == np.finfo(np.float32).min) & (np.isnan(left) | (left == -np.inf))
    return ~(same | near) & np.isfinite(np.where(np.isnan(spread), 0, spread))


def _spread(model: onnx.ModelProto, feeds: Mapping[str, Array], base: Outputs) -> list[Array]:
    """Returns how far the reference's outputs move when its float inputs do by some rounding.

    Where a result jumps, the spread is infinite for integers and as large as the jump for floats.
    """
    spread = [np.zeros(each.shape) for each in base]
    for factor in (1 + NUDGE, 1 - NUDGE):
        moved = {
            name: (each * np.asarray(factor, each.dtype) if each.dtype == np.float32 else each)
            for name, each in feeds.items()
        }
        other = _session(model, moved) or _reference(model, moved)
        if other is None:
            continue
        for at, (mine, theirs) in enumerate(zip(base, other, strict=True)):
            if mine.shape != theirs.shape:
                spread[at] = np.full(mine.shape, np.inf)
            elif mine.dtype.kind == "f":
                with np.errstate(invalid="ignore"):
                    gap = np.abs(mine.astype(np.float64) - theirs.astype(np.float64))
                apart = np.isfinite(mine) != np.isfinite(theirs)
                gap = np.where(apart, np.inf, np.nan_to_num(gap, nan=0.0))
                spread[at] = np.maximum(spread[at], gap)
            else:
                spread[at] = np.where(mine != theirs, np.inf, spread[at])
    return spread


def _session(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> Outputs | None:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = QUIET
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        found: Any = session.run(None, dict(feeds))
    except Exception:
        # It lacks the operator for this type; its exceptions share no base of their own.
        return None
    return [np.asarray(each) for each in found]


def _reference(model: onnx.ModelProto, feeds: Mapping[str, Array]) -> Outputs | None:
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found: Any = ReferenceEvaluator(model).run(None, dict(feeds))
    except Exception:
        return None
    return [np.asarray(each) for each in found]
