"""Recurrent layers, unrolled, against onnxruntime."""

from typing import Any

import numpy as np
import onnx
import pytest

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import LoweringError
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import MICROSOFT, Draft, reference

STEPS, BATCH, WIDTH, HIDDEN = 3, 2, 5, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def numbers(*shape: int, seed: int = 1, scale: float = 0.5) -> Array:
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)


def layer(
    kind: str,
    *,
    ways: int = 1,
    states: bool = False,
    peepholes: bool = False,
    lengths: list[int] | None = None,
    output: int = 0,
    steps: int = STEPS,
    **attributes: Any,
) -> onnx.ModelProto:
    """Returns a model of one layer of which one output is used."""
    draft = Draft()
    rows = GATES[kind] * HIDDEN
    batch_first = bool(attributes.get("layout"))
    x = draft.input("x", (BATCH, steps, WIDTH) if batch_first else (steps, BATCH, WIDTH))
    names = [
        x,
        draft.constant(numbers(ways, rows, WIDTH, seed=2)),
        draft.constant(numbers(ways, rows, HIDDEN, seed=3)),
        draft.constant(numbers(ways, 2 * rows, seed=4)),
        "" if lengths is None else draft.constant(np.array(lengths, np.int32)),
    ]
    shape = (BATCH, ways, HIDDEN) if batch_first else (ways, BATCH, HIDDEN)
    names.append(draft.constant(numbers(*shape, seed=5)) if states else "")
    if kind == "LSTM":
        names.append(draft.constant(numbers(*shape, seed=6)) if states else "")
        names.append(draft.constant(numbers(ways, 3 * HIDDEN, seed=7)) if peepholes else "")
    node = draft.node(kind, *names, hidden_size=HIDDEN, **attributes)
    outputs = [f"{node}_{at}" if at == output else "" for at in range(output + 1)]
    del draft.nodes[-1].output[:]
    draft.nodes[-1].output.extend(outputs)
    return draft.model(outputs[-1])


def assert_near(model: onnx.ModelProto, shape: tuple[int, ...], share: float = 0.06) -> int:
    """Checks that results differ by a small share of their range; returns the operators' number."""
    x = numbers(16 * shape[0], *shape[1:], scale=1.0)
    lowered = quantise(model, {"x": x})
    feeds = {"x": x[: shape[0]]}
    computed = NumpyExecutor().execute(lowered.graph, lowered.interface.encode(feeds))
    found, expected = lowered.interface.decode(computed[-1]), reference(model, feeds)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= share * np.ptp(expected)
    return len(lowered.graph.descriptors)


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("way", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("output", [0, 1])
def test_every_direction_and_output(kind: str, way: str, output: int) -> None:
    ways = 2 if way == "bidirectional" else 1
    model = layer(kind, ways=ways, direction=way, output=output, states=True)
    assert_near(model, (STEPS, BATCH, WIDTH))


@pytest.mark.parametrize(
    "given",
    [
        {"output": 2},
        {"peepholes": True, "states": True},
        {"clip": 0.5},
        {"input_forget": 1},
        {"activations": ["sigmoid", "Softsign", "Tanh"]},
        {"lengths": [STEPS, STEPS]},
    ],
    ids=str,
)
def test_every_form_of_an_lstm(given: dict[str, Any]) -> None:
    assert_near(layer("LSTM", **given), (STEPS, BATCH, WIDTH))


@pytest.mark.parametrize("before", [0, 1])
def test_the_reset_gate_acts_before_or_after_the_product(before: int) -> None:
    model = layer("GRU", states=True, linear_before_reset=before, clip=2.0)
    assert_near(model, (STEPS, BATCH, WIDTH))


def test_a_step_takes_at_most_22_operators() -> None:
    few, many = (
        assert_near(layer("LSTM", output=1, steps=steps), (steps, BATCH, WIDTH)) for steps in (2, 4)
    )
    assert (many - few) / 2 <= 22


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"lengths": [2, 3]}, "sequence_lens differ from the whole length"),
        ({"activations": ["Sigmoid", "Affine", "Tanh"]}, "activations Sigmoid, Affine, Tanh have"),
        ({"steps": 60}, "60 steps, unrolled, exceed 256 operators; at most 14 may fit"),
    ],
    ids=["lengths", "activations", "steps"],
)
def test_what_has_no_exact_form_is_refused(given: dict[str, Any], why: str) -> None:
    x = numbers(given.get("steps", STEPS) * 2, BATCH, WIDTH)
    with pytest.raises(LoweringError, match=rf"^LSTM 'lstm\d+': .*{why}"):
        quantise(layer("LSTM", **given), {"x": x})


def test_all_layers_without_an_exact_form_are_named() -> None:
    draft = Draft()
    x = draft.input("x", (STEPS, BATCH, WIDTH))
    lengths = draft.constant(np.array([2, 3], np.int32))
    found = []
    for kind in ("GRU", "RNN"):
        names = [
            draft.constant(numbers(1, GATES[kind] * HIDDEN, width, seed=2))
            for width in (WIDTH, HIDDEN)
        ]
        made = draft.node(kind, x, *names, "", lengths, hidden_size=HIDDEN)
        found.append(made)
    model = draft.model(draft.node("Add", *found))
    with pytest.raises(LoweringError) as caught:
        quantise(model, {"x": numbers(STEPS * 8, BATCH, WIDTH)})
    assert [caught.value.node, *(each.node for each in caught.value.others)] == [
        f"GRU '{found[0]}'",
        f"RNN '{found[1]}'",
    ]


def test_too_many_operators_are_refused_with_their_number() -> None:
    x = numbers(28, BATCH, WIDTH)
    why = r"graph: \d+ operators, expected 1 to 256; split the model"
    with pytest.raises(LoweringError, match=why):
        quantise(layer("LSTM", steps=14), {"x": x})


def test_an_lstm_of_int8_weights_is_calibrated_as_a_float_one() -> None:
    draft = Draft()
    names = [draft.input("x", (STEPS, BATCH, WIDTH))]
    rows = 4 * HIDDEN
    for width, seed in ((WIDTH, 2), (HIDDEN, 3)):
        codes = np.random.default_rng(seed).integers(-90, 90, (1, width, rows))
        names.append(draft.constant(codes.astype(np.int8)))
    names += [draft.constant(numbers(1, 2 * rows, seed=4)), "", "", "", ""]
    for scale in (0.006, 0.004):
        names.append(draft.constant(np.array([scale], np.float32)))
        names.append(draft.constant(np.array([3], np.int8)))
    node = draft.node("DynamicQuantizeLSTM", *names, domain=MICROSOFT, hidden_size=HIDDEN)
    assert_near(draft.model(node), (STEPS, BATCH, WIDTH), share=0.08)
