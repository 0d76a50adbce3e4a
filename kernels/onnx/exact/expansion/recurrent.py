"""Unrolls LSTM, GRU and RNN: one product for the inputs of all steps, then step by step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from kernels.codes import MAX_OPERATORS
from kernels.onnx.exact.attributes import plain
from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.expansion.draft import Draft
from kernels.onnx.registration import operator
from kernels.trace.layout import Array

ACTIVATIONS = {
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
    "GRU": ("Sigmoid", "Tanh"),
    "RNN": ("Tanh",),
}
# Functions that need no parameters; ONNX writes their names in any case.
PLAIN = ("Relu", "Tanh", "Sigmoid", "Softsign", "Softplus")

# The exact operators of one step, at least.
LEAST_OPERATORS = {"LSTM": 18, "GRU": 18, "RNN": 5}

# The hidden state and, in an LSTM, the cell; empty where the state is still zero.
State = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layer:
    """One direction of a recurrent node, its weights as float64 with gates along axis 0."""

    draft: Draft
    hidden: int
    outer: Array
    inner: Array
    bias: Array
    inner_bias: Array
    peepholes: Array | None
    functions: tuple[str, ...]
    clip: float | None
    linear_before_reset: bool
    input_forget: bool

    def apply(self, function: int, x: str) -> str:
        """Appends a function of a gate, after the clip."""
        if self.clip is not None:
            bounds = [self.draft.number(each) for each in (-self.clip, self.clip)]
            x = self.draft.node("Clip", [x, *bounds])
        return self.draft.node(self.functions[function], [x])

    def part(self, x: str, gate: int, count: int = 1) -> str:
        """Appends the slice of some gates of [B, gates · H]."""
        return self.draft.sliced(x, gate * self.hidden, (gate + count) * self.hidden, 1)

    def recurrence(self, h: str, first: int, count: int) -> str:
        """Appends the product of a hidden state with the weights of some gates."""
        rows = self.inner[first * self.hidden : (first + count) * self.hidden]
        return self.draft.node("MatMul", [h, self.draft.number(rows.T)])

    def total(self, x: str, addend: str) -> str:
        """Appends a sum, or returns x where there is nothing to add."""
        return self.draft.node("Add", [x, addend]) if addend else x

    def product(self, a: str, b: str) -> str:
        """Appends a product, or returns nothing where b is zero."""
        return self.draft.node("Mul", [a, b]) if b else ""


Cell = Callable[[Layer, str, State], State]


@operator("LSTM", "GRU", "RNN")
def recurrent(draft: Draft, node: onnx.NodeProto) -> bool:
    """Unrolls a layer in all its directions; lengths per sequence are refused."""
    label = draft.begin(node)
    attributes = plain(node).attributes
    if draft.given(node, 4) and not _whole(draft, node):
        raise LoweringError(
            label,
            "sequence_lens differ from the whole length; export the layer without sequence_lens, "
            "or run the float model as a tolerant job",
        )
    swap = bool(attributes.get("layout", 0))
    x = node.input[0]
    shape = draft.shape(x)
    if swap:
        x, shape = draft.node("Transpose", [x], perm=[1, 0, 2]), (shape[1], shape[0], shape[2])
    _require_short(label, len(_ways(node)) * shape[0], LEAST_OPERATORS[node.op_type])
    results = []
    for at, way in enumerate(_ways(node)):
        layer = _layer(draft, node, label, at)
        state = (
            _first(draft, node, 5, at, swap),
            _first(draft, node, 6, at, swap) if node.op_type == "LSTM" else "",
        )
        results.append(_direction(layer, CELLS[node.op_type], x, range(shape[0])[::way], state))
    _put(draft, node, results, swap)
    return True


def _require_short(label: str, steps: int, operators: int) -> None:
    """Raises LoweringError where the steps of all directions cannot fit one graph."""
    most = MAX_OPERATORS // operators
    if steps > most:
        raise LoweringError(
            label,
            f"{steps} steps, unrolled, exceed {MAX_OPERATORS} operators; at most {most} may fit: "
            "run shorter pieces that pass the state on, or the float model as a tolerant job",
        )


def _ways(node: onnx.NodeProto) -> tuple[int, ...]:
    """Returns the step through time of each direction."""
    name = plain(node).attributes.get("direction", "forward")
    return {"forward": (1,), "reverse": (-1,), "bidirectional": (1, -1)}[name]


def _whole(draft: Draft, node: onnx.NodeProto) -> bool:
    lengths = draft.constants.get(node.input[4])
    at = 1 if plain(node).attributes.get("layout", 0) else 0
    return lengths is not None and bool(np.all(lengths == draft.shape(node.input[0])[at]))


def _direction(
    layer: Layer, cell: Cell, x: str, steps: range, state: State
) -> tuple[list[str], str]:
    """Returns the hidden states [B, H] in order of time, and the last cell."""
    draft = layer.draft
    spread = draft.node("MatMul", [x, draft.number(layer.outer.T)])
    if layer.bias.any():
        spread = draft.node("Add", [spread, draft.number(layer.bias)])
    hidden = [""] * len(steps)
    for step in steps:
        one = draft.node("Gather", [spread, draft.number(step, np.int64)], axis=0)
        state = cell(layer, one, state)
        hidden[step] = state[0]
    return hidden, state[1]


def _layer(draft: Draft, node: onnx.NodeProto, label: str, at: int) -> Layer:
    attributes = plain(node).attributes
    outer, inner = (np.asarray(draft.fixed(node, each), np.float64)[at] for each in (1, 2))
    hidden = inner.shape[1]
    biases = np.zeros((2, len(inner)))
    if draft.given(node, 3):
        biases = np.asarray(draft.fixed(node, 3), np.float64)[at].reshape(2, -1)
    before = bool(attributes.get("linear_before_reset", 0))
    kept = np.zeros(len(inner))
    if node.op_type == "GRU" and before:
        # The recurrent bias of the last gate is inside of what the reset gate scales.
        kept[2 * hidden :] = biases[1, 2 * hidden :]
    peepholes = None
    if node.op_type == "LSTM" and draft.given(node, 7):
        peepholes = np.asarray(draft.fixed(node, 7), np.float64)[at]
    return Layer(
        draft,
        hidden,
        outer,
        inner,
        biases.sum(axis=0) - kept,
        kept,
        peepholes,
        _functions(node.op_type, label, attributes, at),
        attributes.get("clip"),
        before,
        bool(attributes.get("input_forget", 0)),
    )


def _functions(kind: str, label: str, attributes: Any, at: int) -> tuple[str, ...]:
    default = ACTIVATIONS[kind]
    given = attributes.get("activations")
    if not given:
        return default
    names = [each.decode() if isinstance(each, bytes) else each for each in given]
    names = names[at * len(default) : (at + 1) * len(default)]
    known = {name.lower(): name for name in PLAIN}
    found = tuple(known.get(name.lower(), "") for name in names)
    if "" in found:
        raise LoweringError(
            label,
            f"the activations {', '.join(names)} have no exact form here; those of "
            f"{', '.join(PLAIN)} have",
        )
    return found


def _first(draft: Draft, node: onnx.NodeProto, position: int, at: int, swap: bool) -> str:
    """Appends the initial state [B, H] of a direction; empty where it is zero."""
    name = draft.given(node, position)
    known = draft.constants.get(name)
    if not name or (known is not None and not known.any()):
        return ""
    return draft.node("Gather", [name, draft.number(at, np.int64)], axis=1 if swap else 0)


def _lstm(layer: Layer, one: str, state: State) -> State:
    draft, (h, c) = layer.draft, state
    gates = layer.total(one, layer.recurrence(h, 0, 4) if h else "")
    if layer.peepholes is None:
        sigmoids = layer.apply(0, layer.part(gates, 0, 3))
        i, o, f = (layer.part(sigmoids, gate) for gate in range(3))
    else:
        peeps = [draft.number(each) for each in layer.peepholes.reshape(3, -1)]
        before = [layer.part(gates, gate) for gate in range(3)]
        i, f = (
            layer.apply(0, layer.total(before[at], layer.product(c, peeps[at]) if c else ""))
            for at in (0, 2)
        )
        o = ""
    if layer.input_forget:
        f = _complement(draft, i)
    new = layer.apply(1, layer.part(gates, 3))
    cell = layer.total(layer.product(i, new), layer.product(f, c))
    if not o:
        o = layer.apply(0, draft.node("Add", [before[1], draft.node("Mul", [cell, peeps[1]])]))
    return draft.node("Mul", [o, layer.apply(2, cell)]), cell


def _gru(layer: Layer, one: str, state: State) -> State:
    draft, (h, _) = layer.draft, state
    first = layer.part(one, 0, 2)
    both = layer.apply(0, layer.total(first, layer.recurrence(h, 0, 2) if h else ""))
    z, r = layer.part(both, 0), layer.part(both, 1)
    inner = ""
    kept = layer.inner_bias[2 * layer.hidden :]
    if layer.linear_before_reset:
        inner = layer.recurrence(h, 2, 1) if h else ""
        if kept.any():
            bias = draft.number(kept)
            inner = draft.node("Add", [inner, bias]) if inner else bias
        inner = layer.product(r, inner)
    elif h:
        inner = layer.recurrence(layer.product(r, h), 2, 1)
    new = layer.apply(1, layer.total(layer.part(one, 2), inner))
    left = layer.product(_complement(draft, z), new)
    return layer.total(left, layer.product(z, h)), ""


def _rnn(layer: Layer, one: str, state: State) -> State:
    h = state[0]
    return layer.apply(0, layer.total(one, layer.recurrence(h, 0, 1) if h else "")), ""


def _complement(draft: Draft, x: str) -> str:
    """Appends 1 - x, of a number within 0..1, as one function."""
    return draft.node("HardSigmoid", [x], alpha=-1.0, beta=1.0)


CELLS: dict[str, Cell] = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}


def _put(
    draft: Draft, node: onnx.NodeProto, results: list[tuple[list[str], str]], swap: bool
) -> None:
    """Appends the outputs Y, Y_h and Y_c that are used."""
    time, turn = (1, 2) if swap else (0, 1)
    everything = draft.wanted(node, 0)
    if everything:
        rows = []
        for hidden, _ in results:
            steps = [_inserted(draft, each, (time, turn)) for each in hidden]
            rows.append(draft.node("Concat", steps, axis=time) if len(steps) > 1 else steps[0])
        _joined(draft, rows, turn, everything)
    side = 1 if swap else 0
    ways = _ways(node)
    last = [
        hidden[-1] if way > 0 else hidden[0] for (hidden, _), way in zip(results, ways, strict=True)
    ]
    if draft.wanted(node, 1):
        _joined(draft, [_inserted(draft, each, (side,)) for each in last], side, node.output[1])
    if draft.wanted(node, 2):
        cells = [_inserted(draft, cell, (side,)) for _, cell in results]
        _joined(draft, cells, side, node.output[2])


def _inserted(draft: Draft, x: str, axes: tuple[int, ...]) -> str:
    """Appends axes of one element to [B, H]."""
    if draft.opset >= 13:
        return draft.node("Unsqueeze", [x, draft.number(axes, np.int64)])
    return draft.node("Unsqueeze", [x], axes=list(axes))


def _joined(draft: Draft, parts: list[str], axis: int, output: str) -> None:
    if len(parts) == 1:
        draft.node("Identity", parts, output)
    else:
        draft.node("Concat", parts, output, axis=axis)
