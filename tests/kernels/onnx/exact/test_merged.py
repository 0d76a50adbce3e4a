"""Operators that are merged before they are lowered: what is merged, and that results stay near."""

import numpy as np
import onnx
import pytest
from onnx.parser import parse_model

from kernels.graph.reference import NumpyExecutor
from kernels.onnx.exact import Lowered
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array
from tests.kernels.onnx.exact.quantised import Draft, reference

HEADER = '<ir_version: 10, opset_import: ["" : 18]>\n'
SAMPLES = 24


def real(*shape: int, seed: int = 5) -> Array:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def lowered_near(model: onnx.ModelProto, least_db: float, scale: float = 1.0) -> Lowered:
    """Returns the exact graph, after checking its signal-to-noise ratio on other samples."""
    sizes = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
    samples = scale * real(SAMPLES * sizes[0], *sizes[1:])
    lowered = quantise(model, {"x": samples})
    x = np.clip(scale * real(*sizes, seed=9), samples.min(), samples.max())
    outputs = NumpyExecutor().execute(lowered.graph, lowered.interface.encode({"x": x}))
    (port,) = lowered.interface.outputs
    found, expected = port.decode(outputs[-1]), reference(model, {"x": x})
    noise = np.square(found.astype(np.float64) - expected).sum()
    assert 10 * np.log10(np.square(expected.astype(np.float64)).sum() / noise) >= least_db
    return lowered


def names(lowered: Lowered) -> list[str]:
    return [each.opcode.name for each in lowered.graph.descriptors]


def kinds(lowered: Lowered) -> list[str]:
    return [each.kind for each in lowered.network.nodes]


def parsed(text: str) -> onnx.ModelProto:
    return parse_model(HEADER + text)


FUNCTIONS = {
    "hard swish": "three = Constant <value = float {3}> () six = Constant <value = float {6}> () "
    "zero = Constant <value = float {0}> () a = Add (x, three) c = Clip (a, zero, six) "
    "m = Mul (x, c) y = Div (m, six)",
    "swish": "s = Sigmoid (x) y = Mul (x, s)",
    "gelu": "r = Constant <value = float {1.4142135}> () h = Constant <value = float {0.5}> () "
    "one = Constant <value = float {1}> () d = Div (x, r) e = Erf (d) a = Add (e, one) "
    "m = Mul (x, a) y = Mul (m, h)",
    "mish": "p = Softplus (x) t = Tanh (p) y = Mul (x, t)",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_one_tensor_is_one_table(name: str) -> None:
    model = parsed(f"g (float[2,3,8] x) => (float[2,3,8] y) {{ {FUNCTIONS[name]} }}")
    lowered = lowered_near(model, 36)
    assert names(lowered) == ["LOOKUP"]
    # A factor at the end takes no operator.
    assert kinds(lowered)[0] == "Chain"


def test_a_function_of_two_tensors_is_not_one_table() -> None:
    model = parsed(
        "g (float[2,3,8] x) => (float[2,3,8] y) "
        "{ t = Transpose <perm = [0,1,2]> (x) s = Sigmoid (x) h = Tanh (s) y = Mul (t, h) }"
    )
    assert "Mul" in kinds(lowered_near(model, 30))


def test_a_result_in_the_middle_of_a_function_is_kept() -> None:
    model = parsed(
        "g (float[2,8] x) => (float[2,8] y, float[2,8] z) "
        "{ s = Sigmoid (x) y = Tanh (s) z = Mul (x, s) }"
    )
    x = real(2, 8)
    lowered = quantise(model, {"x": real(48, 8)})
    outputs = NumpyExecutor().execute(lowered.graph, lowered.interface.encode({"x": x}))
    for port, expected in zip(
        lowered.interface.outputs,
        (np.tanh(1 / (1 + np.exp(-x))), x / (1 + np.exp(-x))),
        strict=True,
    ):
        assert port.operator is not None
        found = port.decode(outputs[port.operator])
        assert np.abs(found - expected).max() <= 0.05


def convolved(kind: str, *after: tuple[str, Array], group: int = 1) -> onnx.ModelProto:
    draft = Draft()
    shape = (6, 4 // group, 3, 3) if kind == "Conv" else (4, 6 // group, 2, 2)
    x = draft.input("x", (1, 4, 7, 7))
    names = [draft.constant(real(*shape, seed=1)), draft.constant(real(6, seed=2))]
    found = draft.node(kind, x, *names, group=group, strides=[2, 2])
    for operator, constant in after:
        if operator == "BatchNormalization":
            numbers = [draft.constant(np.abs(real(6, seed=at)) + 0.5) for at in range(4)]
            found = draft.node(operator, found, *numbers)
        else:
            found = draft.node(operator, found, draft.constant(constant.astype(np.float32)))
    return draft.model(found)


CHANNELS = np.linspace(-1, 2, 6).reshape(1, 6, 1, 1)
AFTER = {
    "norm": [("BatchNormalization", CHANNELS)],
    "numbers": [("Mul", np.array([0.3])), ("Add", np.array(0.2)), ("Sub", np.array([[1.0]]))],
    "channels": [("Mul", CHANNELS), ("Add", CHANNELS[0])],
    "quotient": [("Div", CHANNELS + 2), ("Mul", CHANNELS)],
}


@pytest.mark.parametrize("name", AFTER)
@pytest.mark.parametrize(
    ("kind", "group"), [("Conv", 1), ("ConvTranspose", 1), ("ConvTranspose", 2)]
)
def test_factors_of_channels_are_part_of_a_convolution(kind: str, group: int, name: str) -> None:
    lowered = lowered_near(convolved(kind, *AFTER[name], group=group), 30)
    assert kinds(lowered) == [kind]
    assert names(lowered).count("ADD") == names(lowered).count("MULTIPLY") == 0


def test_a_factor_along_another_axis_stays() -> None:
    model = convolved("Conv", ("Mul", np.linspace(0.5, 1, 3).reshape(1, 1, 3, 1)))
    assert kinds(lowered_near(model, 30)) == ["Conv", "Mul"]


def test_a_norm_without_a_convolution_scales_each_channel() -> None:
    draft = Draft()
    x = draft.node("Relu", draft.input("x", (2, 6, 5, 4)))
    numbers = [draft.constant(np.abs(real(6, seed=at)) + 0.5) for at in range(4)]
    model = draft.model(draft.node("BatchNormalization", x, *numbers))
    lowered = lowered_near(model, 34)
    assert names(lowered).count("DEPTHWISE") == 1


@pytest.mark.parametrize(
    "square", ["p = Pow (r, two) q = Pow (i, two)", "p = Mul (r, r) q = Mul (i, i)"]
)
def test_the_magnitude_of_a_transform_keeps_small_values(square: str) -> None:
    """Squares in 8 bits would lose everything below a sixteenth of the largest value."""
    text = (
        "g (float[1,1,64] x) => (float[1,9,7] y) <float[18,1,16] w> "
        "{ f = Conv <strides = [8]> (x, w) "
        "two = Constant <value = float {2}> () one = Constant <value_ints = [1]> () "
        "a = Constant <value_ints = [0]> () b = Constant <value_ints = [9]> () "
        "c = Constant <value_ints = [99]> () r = Slice (f, a, b, one) i = Slice (f, b, c, one) "
        f"{square} t = Add (p, q) y = Sqrt (t) }}"
    )
    model = parsed(text)
    angles = np.outer(np.arange(9), np.arange(16)) * 2 * np.pi / 16
    falling = np.geomspace(1, 0.1, 9)[:, np.newaxis]
    filters = np.concatenate([np.cos(angles) * falling, np.sin(angles) * falling])
    model.graph.initializer.append(
        onnx.numpy_helper.from_array(filters.astype(np.float32)[:, np.newaxis], "w")
    )
    lowered = lowered_near(model, 30)
    assert "MAX_POOL" in names(lowered)
    assert "MULTIPLY" not in names(lowered)
