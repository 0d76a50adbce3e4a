"""Recognises the magnitude of a complex convolution, such as a short-time Fourier transform.

A square and a root lose what 8 bits hold. The length of (a, b) is also the largest projection onto
directions around the circle, each of which is a convolution of its own: no step needs more bits
than the length itself.
"""

import numpy as np
import onnx

from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.registration import operator
from kernels.trace.layout import Array

DIRECTIONS = 16
"""The largest projection is within 1 % of the length times a constant: as near as 8 bits are."""
WIDEST = np.pi / DIRECTIONS
"""The angle between a vector and the nearest direction is at most this, and 0 at least."""
MEAN_PROJECTION = float(np.sin(WIDEST) / WIDEST)
CHANNELS = 1


@operator("Sqrt")
def magnitude(draft: Draft, node: onnx.NodeProto) -> bool:
    """Rewrites √(a² + b²) of two halves of a convolution's channels as its largest projection."""
    total = draft.maker(node.input[0])
    if total is None or total.op_type != "Add" or draft.readers(node.input[0]) != 1:
        return False
    parts = [_part(draft, _squared(draft, name)) for name in total.input]
    first, second = parts
    if first is None or second is None or first[0] != second[0]:
        return False
    source = first[0]
    made = draft.maker(source)
    if made is None or made.op_type != "Conv" or draft.readers(source) != len(parts):
        return False
    weights, bias = (draft.constants.get(draft.given(made, at)) for at in (1, 2))
    attributes = plain(made).attributes
    biased = bool(draft.given(made, 2))
    if weights is None or (biased and bias is None) or attributes.get("group", 1) != 1:
        return False
    if len(first[1]) != len(second[1]):
        return False
    count, channels, *sizes = draft.shape(node.output[0])
    draft.begin(node)
    numbers = [draft.number(_projections(weights, first[1], second[1]))]
    if bias is not None:
        numbers.append(draft.number(_projections(bias, first[1], second[1])))
    found = draft.node("Conv", [made.input[0], *numbers], **attributes)
    spread = draft.reshaped(draft.node("Relu", [found]), (count, DIRECTIONS, channels, *sizes))
    largest = draft.reduced("ReduceMax", spread, [CHANNELS])
    draft.reshaped(largest, (count, channels, *sizes), node.output[0])
    return True


def _projections(values: Array, real: range, imaginary: range) -> Array:
    """Returns the filters, or the biases, of all directions: [directions · channels, ...]."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    wide = np.asarray(values, np.float64)
    found = [
        (np.cos(angle) * wide[list(real)] + np.sin(angle) * wide[list(imaginary)]) / MEAN_PROJECTION
        for angle in angles
    ]
    return np.concatenate(found).astype(np.float32)


def _squared(draft: Draft, name: str) -> str:
    """Returns the tensor that this is the square of, read by nothing else, or an empty string."""
    made = draft.maker(name)
    if made is None or draft.readers(name) != 1:
        return ""
    if made.op_type == "Mul" and made.input[0] == made.input[1]:
        return str(made.input[0])
    exponent = draft.constants.get(draft.given(made, 1))
    two = made.op_type == "Pow" and exponent is not None and np.all(exponent == 2)
    return str(made.input[0]) if two and draft.readers(made.input[0]) == 1 else ""


def _part(draft: Draft, name: str) -> tuple[str, range] | None:
    """Returns a tensor and which of its channels a slice takes, or None for anything else."""
    made = draft.maker(name)
    while made is not None and made.op_type == "Slice" and _takes_all(draft, made):
        made = draft.maker(made.input[0])
    if made is None or made.op_type != "Slice" or draft.readers(made.output[0]) != 1:
        return None
    attributes = plain(made).attributes
    given = [draft.constants.get(each) for each in made.input[1:]]
    if any(each is None for each in given):
        return None
    if len(given) not in (0, 3, 4):
        return None
    starts, ends, axes, *steps = (
        given
        if given
        else [np.asarray(attributes.get(key, [0])) for key in ("starts", "ends", "axes")]
    )
    numbers = [np.asarray(each).reshape(-1) for each in (starts, ends, axes, *steps)]
    if any(each.size != 1 for each in numbers) or int(numbers[2][0]) != CHANNELS:
        return None
    bounds = slice(*(int(each[0]) for each in (numbers[0], numbers[1], *numbers[3:])))
    chosen = range(*bounds.indices(draft.shape(made.input[0])[CHANNELS]))
    return made.input[0], chosen


def _takes_all(draft: Draft, node: onnx.NodeProto) -> bool:
    alone = draft.readers(node.output[0]) == 1
    return alone and draft.shape(node.input[0]) == draft.shape(node.output[0])
