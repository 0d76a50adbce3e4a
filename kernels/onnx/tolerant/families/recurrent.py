"""Recurrent networks, unrolled over their steps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.families.movement import concatenated, sliced, transposed
from kernels.onnx.tolerant.node import Node, reshaped
from kernels.onnx.tolerant.value import Value, on_host

MAX_STEPS = 512
_ACTIVATIONS = {
    "sigmoid": "sigmoid(@)",
    "tanh": "tanh_(@)",
    "relu": "maximum(@, 0.0)",
    "softsign": "(@) / (1.0 + abs(@))",
    "softplus": "softplus(@)",
}
_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
_DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}


@dataclass(frozen=True, slots=True)
class _Cell:
    """One direction's weights: w [gates H, I], r [gates H, H], b [2 gates H], p [3 H]."""

    node: Node
    w: Value
    r: Value
    b: Value
    p: Value | None
    activations: Sequence[str]

    @property
    def hidden(self) -> int:
        return self.r.shape[-1]

    def step(self, x: Value, h: Value, c: Value) -> tuple[Value, Value]:
        """Returns the next states from x [batch, I] and the states h and c, [batch, H]."""
        match self.node.operator:
            case "RNN":
                pre = self._gate(x, h, 0)
                return self._mapped([pre], _named(self.activations[0], "$0[i]")), c
            case "GRU":
                return self._gru(x, h), c
            case _:
                return self._lstm(x, h, c)

    def _gru(self, x: Value, h: Value) -> Value:
        z = self._mapped([self._gate(x, h, 0)], _named(self.activations[0], "$0[i]"))
        r = self._mapped([self._gate(x, h, 1)], _named(self.activations[0], "$0[i]"))
        if self.node.attribute("linear_before_reset", 0):
            own, back = self._product(x, self.w, 2, 0), self._product(h, self.r, 2, 1)
            new = self._mapped([own, r, back], _named(self.activations[1], "$0[i] + $1[i] * $2[i]"))
        else:
            kept = self._mapped([r, h], "$0[i] * $1[i]")
            new = self._mapped([self._gate(x, kept, 2)], _named(self.activations[1], "$0[i]"))
        return self._mapped([z, new, h], "(1.0 - $0[i]) * $1[i] + $0[i] * $2[i]")

    def _lstm(self, x: Value, h: Value, c: Value) -> tuple[Value, Value]:
        f, g, out = self.activations[:3]
        i_ = self._mapped(*self._peeped(self._gate(x, h, 0), c, 0, f))
        forget = self._mapped(*self._peeped(self._gate(x, h, 2), c, 2, f))
        if self.node.attribute("input_forget", 0):
            forget = self._mapped([i_], "1.0 - $0[i]")
        new = self._mapped([self._gate(x, h, 3)], _named(g, "$0[i]"))
        cell = self._mapped([forget, c, i_, new], "$0[i] * $1[i] + $2[i] * $3[i]")
        o = self._mapped(*self._peeped(self._gate(x, h, 1), cell, 1, f))
        return self._mapped([o, cell], f"$0[i] * {_named(out, '$1[i]')}"), cell

    def _peeped(self, pre: Value, c: Value, gate: int, name: str) -> tuple[list[Value], str]:
        if self.p is None:
            return [pre], _named(name, "$0[i]")
        place = f"$2[{gate * self.hidden}u + i % {self.hidden}u]"
        return [pre, c, self.p], _named(name, f"$0[i] + $1[i] * {place}")

    def _gate(self, x: Value, h: Value, gate: int) -> Value:
        return self._mapped(
            [self._product(x, self.w, gate, 0), self._product(h, self.r, gate, 1)], "$0[i] + $1[i]"
        )

    def _product(self, x: Value, weights: Value, gate: int, half: int) -> Value:
        """Returns x times one gate's weights, plus that half's bias."""
        length, hidden = weights.shape[-1], self.hidden
        bias = (half * _GATES[self.node.operator] + gate) * hidden
        code = (
            f"let m = i / {hidden}u; let n = i % {hidden}u; var r = $2[{bias}u + n]; "
            f"for (var k = 0u; k < {length}u; k++) {{ "
            f"r += $0[m * {length}u + k] * $1[({gate * hidden}u + n) * {length}u + k]; }}"
        )
        return self.node.emit([x, weights, self.b], (x.shape[0], hidden), x.element, code)

    def _mapped(self, inputs: Sequence[Value], formula: str) -> Value:
        first = inputs[0]
        return self.node.emit(inputs, first.shape, first.element, f"let r = {formula};")


def _named(name: str, argument: str) -> str:
    return f"({_ACTIVATIONS[name].replace('@', argument)})"


def _zeros(like: Value, shape: tuple[int, ...]) -> Value:
    return on_host(np.zeros(shape, like.element.numpy), like.element, static=True)


@operator("RNN", "GRU", "LSTM")
def recurrent(node: Node) -> list[Value]:
    """Lowers RNN, GRU and LSTM, in one or two directions.

    Returns the states of all steps and the last states.
    """
    x, w, r = node.input(0), node.input(1), node.input(2)
    node.floating(x)
    batchwise = bool(node.attribute("layout", 0))
    if batchwise:
        x = transposed(node, x, (1, 0, 2))
    steps, batch, _ = x.shape
    if steps > MAX_STEPS:
        raise node.refuse(f"{steps} steps exceed {MAX_STEPS}")
    if node.attribute("clip") is not None:
        raise node.refuse("clip is not supported")
    if node.has(4) and any(each != steps for each in node.ints(4)):
        raise node.refuse("sequences of different lengths are not supported")
    directions, hidden, gates = w.shape[0], r.shape[-1], _GATES[node.operator]
    names = [each.decode() for each in node.attribute("activations", [])]
    names = [each.lower() for each in names or _DEFAULTS[node.operator] * directions]
    if unknown := [each for each in names if each not in _ACTIVATIONS]:
        raise node.refuse(f"the activation {unknown[0]} is not supported")
    b = node.input(3) if node.has(3) else _zeros(w, (directions, 2 * gates * hidden))
    states = [
        node.input(at) if node.has(at) else _zeros(w, (directions, batch, hidden)) for at in (5, 6)
    ]
    if batchwise:
        states = [
            transposed(node, each, (1, 0, 2)) if node.has(at) else each
            for at, each in zip((5, 6), states, strict=True)
        ]
    every: list[Value] = []
    last: list[list[Value]] = [[], []]
    for number in range(directions):
        per = len(names) // directions
        cell = _Cell(
            node,
            _direction(node, w, number),
            _direction(node, r, number),
            _direction(node, b, number),
            _direction(node, node.input(7), number) if node.has(7) else None,
            names[number * per : (number + 1) * per],
        )
        h, c = (_direction(node, each, number) for each in states)
        backwards = number == 1 or node.attribute("direction", b"forward") == b"reverse"
        outputs: list[Value] = []
        for at in range(steps)[:: -1 if backwards else 1]:
            part = reshaped(sliced(node, x, 0, at, 1), x.shape[1:])
            h, c = cell.step(part, h, c)
            outputs.append(reshaped(h, (1, 1, batch, hidden)))
        every.append(concatenated(node, outputs[:: -1 if backwards else 1], 0))
        last[0].append(reshaped(h, (1, batch, hidden)))
        last[1].append(reshaped(c, (1, batch, hidden)))
    results = [concatenated(node, every, 1), *(concatenated(node, each, 0) for each in last)]
    if batchwise:
        results = [
            transposed(node, results[0], (2, 0, 1, 3)),
            *(transposed(node, each, (1, 0, 2)) for each in results[1:]),
        ]
    return results[: 3 if node.operator == "LSTM" else 2]


def _direction(node: Node, value: Value, number: int) -> Value:
    if value.shape[0] == 1:
        return reshaped(value, value.shape[1:])
    return reshaped(sliced(node, value, 0, number, 1), value.shape[1:])
