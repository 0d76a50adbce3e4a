"""Recurrent layers."""

from typing import Any

from kernels.onnx.registration import operator
from tests.kernels.onnx.random_graphs.sketch import Sketch, Tensor

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@operator(*GATES)
def recurrent(sketch: Sketch, x: Tensor, kind: str) -> Tensor:
    """Appends one layer in any direction, with or without bias, initial state and peepholes."""
    x = sketch.with_rank(x, 3)
    if x.shape[0] > 4:
        x = sketch.reshaped(x, (1, x.shape[0] * x.shape[1], x.shape[2]))
    length, batch, width = x.shape
    way = sketch.choice(("forward", "reverse", "bidirectional"))
    ways, hidden = (2 if way == "bidirectional" else 1), sketch.integer(1, 4)
    rows = GATES[kind] * hidden
    inputs: list[Tensor | str] = [
        x,
        sketch.constant(sketch.numbers((ways, rows, width), 0.5)),
        sketch.constant(sketch.numbers((ways, rows, hidden), 0.5)),
    ]
    bias = sketch.constant(sketch.numbers((ways, 2 * rows), 0.5)) if sketch.chance() else ""
    state = (ways, batch, hidden)
    first = sketch.constant(sketch.numbers(state, 0.5)) if sketch.chance() else ""
    inputs += [bias, "", first]
    given: dict[str, Any] = {"direction": way, "hidden_size": hidden}
    if kind == "LSTM":
        inputs.append(sketch.constant(sketch.numbers(state, 0.5)) if sketch.chance() else "")
        if sketch.chance():
            inputs.append(sketch.constant(sketch.numbers((ways, 3 * hidden), 0.5)))
    if kind == "GRU" and sketch.chance():
        given["linear_before_reset"] = 1
    if sketch.chance():
        given["clip"] = 1.5
    shapes: list[tuple[int, ...] | None] = [(length, ways, batch, hidden), state]
    if kind == "LSTM":
        shapes.append(state)
    wanted = sketch.integer(0, len(shapes) - 1)
    kept = [each if at == wanted else None for at, each in enumerate(shapes)]
    return sketch.outputs(kind, inputs, kept[: wanted + 1], **given)[0]
