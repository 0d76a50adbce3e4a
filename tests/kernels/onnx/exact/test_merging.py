"""What is one function costs one operator, and scales behind convolutions cost none."""

import numpy as np
import onnx
import pytest

from kernels.codes import Opcode
from kernels.graph.reference import execute
from kernels.onnx.exact import Lowered
from kernels.onnx.quantisation import fit, quantise, report_on_float, split
from kernels.trace.layout import Array
from tests.kernels.onnx.quantisation.cases import normal, parsed

SWISH = "a = Add (c, three) l = Clip (a, zero, six) m = Mul (c, l) y = Div (m, six)"
GELU = "d = Div (c, root) e = Erf (d) f = Add (e, one) m = Mul (c, f) y = Mul (m, half)"
NUMBERS = (
    "float three = {3}, float zero = {0}, float six = {6}, float root = {1.4142135}, "
    "float one = {1}, float half = {0.5}"
)


def weights(*shape: int, seed: int) -> str:
    values = ", ".join(f"{each:.4f}" for each in normal(*shape, seed=seed).reshape(-1))
    return f"{{{values}}}"


def convolution(nodes: str, more: str = "") -> onnx.ModelProto:
    return parsed(
        f"g (float[1,3,4,4] x) => (float[1,5,4,4] y) <float[5,3,1,1] w = "
        f"{weights(5, 3, 1, 1, seed=1)}, float[5] b = {weights(5, seed=2)}, {NUMBERS}{more}> "
        f"{{ c = Conv (x, w, b) {nodes} }}"
    )


def lowered(model: onnx.ModelProto, x: Array, least_db: float) -> Lowered:
    """Returns the exact graph, once it is near the model."""
    parts = split(fit(model, {"x": x}))
    found = quantise(model, parts.calibration)
    report = report_on_float(model, found, parts, execute)
    assert report.faults == ()
    assert report.outputs[0].snr_db >= least_db
    return found


def opcodes(found: Lowered) -> list[Opcode]:
    return [each.opcode for each in found.graph.descriptors]


@pytest.mark.parametrize("nodes", [SWISH, GELU])
def test_a_written_out_activation_is_one_table(nodes: str) -> None:
    found = lowered(convolution(nodes), normal(20, 3, 4, 4), 30)
    assert opcodes(found)[1:-1] == [Opcode.CONVOLUTION, Opcode.LOOKUP]
    assert [node.kind for node in found.network.nodes] == ["Conv", "Chain"]
    assert found.network.nodes[1].label == f"{'Div' if nodes == SWISH else 'Mul'} 'y'"


def test_what_something_else_reads_is_kept() -> None:
    nodes = "s = Sigmoid (c) t = Mul (s, half) u = Tanh (t) y = Add (u, s)"
    found = lowered(convolution(nodes), normal(20, 3, 4, 4), 30)
    assert [node.kind for node in found.network.nodes] == ["Conv", "Chain"]
    other = "s = Sigmoid (c) r = ReduceMean <axes = [1], keepdims = 1> (s) y = Mul (s, r)"
    kept = lowered(convolution(other), normal(20, 3, 4, 4), 30)
    assert [node.kind for node in kept.network.nodes] == ["Conv", "Sigmoid", "ReduceMean", "Mul"]


def test_a_bounded_tensor_keeps_its_finer_steps() -> None:
    found = lowered(convolution("r = Relu (c) y = Tanh (r)"), normal(20, 3, 4, 4), 30)
    assert [node.kind for node in found.network.nodes] == ["Conv", "Relu", "Tanh"]


def test_sums_alone_stay_as_fine_as_they_are() -> None:
    found = lowered(convolution("a = Mul (c, half) y = Add (a, three)"), normal(20, 3, 4, 4), 30)
    assert all(node.kind != "Chain" for node in found.network.nodes)


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
def test_scale_and_offset_of_channels_move_into_a_convolution(kind: str) -> None:
    shape = (5, 3, 1, 1) if kind == "Conv" else (3, 5, 1, 1)
    model = parsed(
        f"g (float[1,3,4,4] x) => (float[1,5,4,4] y) <float[{','.join(map(str, shape))}] w = "
        f"{weights(*shape, seed=1)}, float[5,1,1] k = {weights(5, seed=2)}, "
        f"float[1,5,1,1] o = {weights(5, seed=3)}, float half = {{0.5}}> "
        f"{{ c = {kind} (x, w) m = Mul (k, c) s = Sub (m, o) y = Add (s, half) }}"
    )
    found = lowered(model, normal(20, 3, 4, 4), 30)
    assert [node.kind for node in found.network.nodes] == [kind]


def test_a_transposed_convolution_in_groups_takes_scales_too() -> None:
    model = parsed(
        f"g (float[1,4,3,3] x) => (float[1,6,3,3] y) <float[4,3,1,1] w = "
        f"{weights(4, 3, 1, 1, seed=1)}, float[6,1,1] k = {weights(6, seed=2)}> "
        "{ c = ConvTranspose <group = 2> (x, w) y = Mul (c, k) }"
    )
    found = lowered(model, normal(20, 4, 3, 3), 30)
    assert [node.kind for node in found.network.nodes] == ["ConvTranspose"]


def test_a_constant_along_another_axis_stays() -> None:
    nodes = "y = Mul (c, k)"
    model = convolution(nodes, f", float[4] k = {weights(4, seed=4)}")
    found = lowered(model, normal(20, 3, 4, 4), 30)
    assert [node.kind for node in found.network.nodes] == ["Conv", "Mul"]


def test_a_batch_norm_without_a_product_before_it() -> None:
    numbers = {name: weights(3, seed=seed) for seed, name in enumerate("gbm")}
    model = parsed(
        f"g (float[1,3,4,4] x) => (float[1,3,4,4] y) <float[3] g = {numbers['g']}, float[3] b = "
        f"{numbers['b']}, float[3] m = {numbers['m']}, float[3] v = {{0.5, 1, 2}}> "
        "{ r = Relu (x) y = BatchNormalization <epsilon = 0.001> (r, g, b, m, v) }"
    )
    lowered(model, normal(20, 3, 4, 4), 32)


def test_a_graph_may_have_more_operators_before_they_are_merged() -> None:
    model = parsed(
        f"g (float[1,3,2,2] x) => (float[1,3,2,2] y) <float[3,3,1,1] w = "
        f"{weights(3, 3, 1, 1, seed=1)}> {{ c0 = Relu (x) "
        + " ".join(f"p{at} = Conv (c{at}, w) c{at + 1} = Relu (p{at})" for at in range(130))
        + " y = Identity (c130) }"
    )
    small = {"x": np.abs(normal(5, 3, 2, 2)) * 1e-3}
    found = quantise(model, small)
    assert len(found.detailed.descriptors) > 256
    assert len(found.graph.descriptors) <= 256
