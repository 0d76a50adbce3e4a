"""Float models as kernel packages."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from kernels.custom import KernelPackage, run_package, split
from kernels.custom.element import Tolerance
from kernels.custom.validation import validate
from kernels.onnx.tolerant import BadInput, TolerantRunner, UnsupportedOperator, packaging
from kernels.onnx.tolerant.functions import FUNCTIONS
from kernels.onnx.tolerant.packaging import Ports, package, ports_of_json
from kernels.onnx.tolerant.wgsl import used_functions
from tests.kernels.custom.examples import OUTPUT, single
from tests.kernels.onnx.models import chain, floats, model

BOUNDS = Tolerance.rounded(1e-5, 1e-5, 0)


def test_a_package_gives_what_the_runner_gives() -> None:
    scale = numpy_helper.from_array(np.array([1, -2, 3], np.float32), "s")
    at = numpy_helper.from_array(np.array([2, 0], np.int32), "at")
    nodes = [
        *chain().graph.node[:1],
        helper.make_node("Mul", ["p", "s"], ["m"]),
        helper.make_node("Softmax", ["m"], ["f"]),
        helper.make_node("Gather", ["f", "at"], ["y"], axis=1),
    ]
    weights = [*chain().graph.initializer, scale, at]
    content = model(nodes, [floats("x", "n", 4)], [floats("y", "n", 2)], weights)
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    found = package(content, "net", {"x": (2, 4)}, BOUNDS)
    assert KernelPackage.from_bytes(found.package.canonical) == found.package
    # Floats and integers are parts of one buffer, each from a multiple of 256 bytes on.
    (pool,) = found.weights
    assert pool.dtype == np.float32
    assert [2, 0] in [part[:2].view(np.int32).tolist() for part in np.split(pool, pool.size // 64)]
    data = [found.inputs[0].encode(x), *(lanes.tobytes() for lanes in found.weights)]
    (port,) = found.outputs
    output = port.decode(run_package(found.package, data))
    np.testing.assert_array_equal(output, TolerantRunner().run(content, {"x": x}).outputs["y"])
    assert ports_of_json(found.as_json()) == Ports(found.inputs, found.outputs, ())


def test_scratch_is_used_again() -> None:
    names = [f"t{at}" for at in range(20)]
    axis = numpy_helper.from_array(np.array(0), "axis")
    nodes = [helper.make_node("CumSum", ["x", "axis"], ["t0"])]
    for before, after in zip(names, [*names[1:], "y"], strict=True):
        nodes.append(helper.make_node("CumSum", [before, "axis"], [after]))
    content = model(nodes, [floats("x", 4)], [floats("y", 4)], [axis])
    found = package(content, "net", {}, BOUNDS)
    assert len(found.package.stages) == 21
    assert len(found.package.buffers) <= 4


def test_an_open_axis_needs_a_shape() -> None:
    content = model([helper.make_node("Neg", ["x"], ["y"])], [floats("x", "n")], [floats("y", "n")])
    for shapes in ({}, {"x": (2, 2)}, {"x": (0,)}):
        with pytest.raises(BadInput, match="--shape"):
            package(content, "net", shapes, BOUNDS)


def test_several_outputs_are_parts_of_one_result() -> None:
    whole = helper.make_tensor_value_info("i", TensorProto.INT64, [2, 1])
    nodes = [
        helper.make_node("Mul", ["x", "w"], ["m"]),
        helper.make_node("Neg", ["m"], ["y"]),
        helper.make_node("ArgMax", ["y"], ["i"], axis=1),
        helper.make_node("Identity", ["m"], ["again"]),
        helper.make_node("Identity", ["x"], ["input"]),
    ]
    names = ("m", "y", "again", "input")
    content = model(
        nodes, [floats("x", 2, 3), floats("w", 3)], [*(floats(each, 2, 3) for each in names), whole]
    )
    found = package(content, "net", {}, BOUNDS)
    assert KernelPackage.from_bytes(found.package.canonical) == found.package
    assert [port.name for port in found.outputs] == [*names, "i"]
    assert [each.name for each in found.package.outputs] == [*names, "i"]
    assert [each.tolerance for each in found.package.outputs] == [BOUNDS] * 4 + [Tolerance()]
    feeds = {
        "x": np.array([[1, -2, 3], [4, 5, 6]], np.float32),
        "w": np.array([1, 2, -1], np.float32),
    }
    data = run_package(found.package, [port.encode(feeds[port.name]) for port in found.inputs])
    expected = TolerantRunner().run(content, feeds).outputs
    for port, (output, part) in zip(found.outputs, split(data, found.package.outputs), strict=True):
        assert output.name == port.name
        np.testing.assert_array_equal(port.decode(part), expected[port.name])


def test_an_unused_input_is_left_out_and_an_empty_output_is_refused() -> None:
    nodes = [helper.make_node("Neg", ["x"], ["y"])]
    untouched = model(nodes, [floats("w", 2), floats("x", 2)], [floats("y", 2)])
    found = package(untouched, "net", {}, BOUNDS)
    assert (found.unused, [port.name for port in found.inputs]) == (("w",), ["x"])
    starts = numpy_helper.from_array(np.array([2], np.int64), "at")
    empty = model(
        [*nodes, helper.make_node("Slice", ["x", "at", "at"], ["z"])],
        [floats("x", 2)],
        [floats("y", 2), floats("z", 0)],
        [starts],
    )
    with pytest.raises(UnsupportedOperator, match="'z' is empty"):
        package(empty, "net", {}, BOUNDS)


def test_a_constant_output_is_a_stage_and_integers_alone_are_exact() -> None:
    held = numpy_helper.from_array(np.array([3, 4], np.int32), "c")
    cast = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT32)
    nodes = [cast, helper.make_node("Identity", ["c"], ["z"])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.INT32, [2]) for name in "yz"]
    found = package(model(nodes, [floats("x", 2)], outputs, [held]), "net", {}, BOUNDS)
    assert found.package.tolerance.exact
    x = np.array([7, -8], np.float32)
    data = run_package(
        found.package, [found.inputs[0].encode(x), *(each.tobytes() for each in found.weights)]
    )
    assert np.frombuffer(data, np.int32).tolist() == [7, -8, 3, 4]


def test_an_input_that_decides_a_shape_is_refused() -> None:
    shape = helper.make_tensor_value_info("s", TensorProto.INT64, [1])
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"])]
    content = model(nodes, [floats("x", 2), shape], [floats("y", "n")])
    with pytest.raises(UnsupportedOperator, match="determines a shape"):
        package(content, "net", {}, BOUNDS)


def test_ports_refuse_what_does_not_fit() -> None:
    (port,) = package(chain(), "net", {}, BOUNDS).inputs
    for array in (np.zeros((2, 5), np.float32), np.zeros((2, 4), np.float64)):
        with pytest.raises(BadInput):
            port.encode(array)
    for document in ({}, {"version": 2}, {"version": 2, "inputs": [{}], "outputs": [{}]}):
        with pytest.raises(BadInput):
            ports_of_json(document)


def test_functions_that_kernels_share_pass_the_rules_on_sources() -> None:
    """A package is refused where a variable has the name of the entry point, for one."""
    shared = used_functions(" ".join(f"{name}()" for name in FUNCTIONS))
    validate(single(f"{OUTPUT}{shared}\n@compute @workgroup_size(1) fn main() {{ }}"))


def test_a_local_name_is_no_call_of_a_stage() -> None:
    # A validator without scopes takes every mention of a function's name for a call.
    nodes = [helper.make_node("Pow", ["x", "p"], ["y"], "power")]
    exponent = helper.make_tensor("p", TensorProto.FLOAT, [], [0.7])
    content = model(nodes, [floats("x", 8)], [floats("y", 8)], [exponent])
    validate(package(content, "power", {}, Tolerance()).package)


def test_more_constants_than_a_kernel_binds_are_bound_as_one() -> None:
    names = [f"w{at}" for at in range(9)]
    weights = [
        numpy_helper.from_array(np.full(3, at + 1, np.float32), name)
        for at, name in enumerate(names)
    ]
    node = helper.make_node("Einsum", ["x", *names], ["y"], equation=",".join("a" * 10) + "->a")
    content = model([node], [floats("x", 3)], [floats("y", 3)], weights)
    found = package(content, "net", {}, BOUNDS)
    assert [len(stage.bindings) for stage in found.package.stages] == [3]
    x = np.arange(3, dtype=np.float32)
    data = [found.inputs[0].encode(x), *(lanes.tobytes() for lanes in found.weights)]
    (port,) = found.outputs
    output = port.decode(run_package(found.package, data))
    np.testing.assert_allclose(output, x * 362880, rtol=1e-6)


def test_weights_beyond_what_one_binding_holds_are_several_inputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packaging, "MAX_BYTES", 1 << 12)
    random = np.random.default_rng(2)
    arrays = [random.standard_normal(500).astype(np.float32) for _ in range(3)]
    weights = [numpy_helper.from_array(array, f"w{at}") for at, array in enumerate(arrays)]
    nodes = [
        helper.make_node("Add", ["x", "w0"], ["a"]),
        helper.make_node("Mul", ["a", "w1"], ["b"]),
        helper.make_node("Add", ["b", "w2"], ["y"]),
    ]
    found = package(
        model(nodes, [floats("x", 500)], [floats("y", 500)], weights), "net", {}, BOUNDS
    )
    assert [lanes.nbytes for lanes in found.weights] == [1 << 12, 1 << 11]
    x = random.standard_normal(500).astype(np.float32)
    data = [found.inputs[0].encode(x), *(lanes.tobytes() for lanes in found.weights)]
    (port,) = found.outputs
    output = port.decode(run_package(found.package, data))
    np.testing.assert_allclose(
        output, (x + arrays[0]) * arrays[1] + arrays[2], rtol=1e-5, atol=1e-6
    )
