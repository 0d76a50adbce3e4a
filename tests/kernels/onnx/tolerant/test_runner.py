"""Float graphs on an adapter, compared with NumPy."""

import tracemalloc
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from kernels.onnx.tolerant import BadInput, TolerantRunner, UnsupportedOperator, is_known, plan
from kernels.onnx.tolerant.wgsl import MAX_LOOP
from tests.kernels.onnx.models import chain, floats, model

RUNNER = TolerantRunner()


def port(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def once(operator: str, *arrays: Any, kind: int = TensorProto.FLOAT, **attributes: Any) -> Any:
    """Returns the first output of a single node."""
    names = [f"x{at}" for at in range(len(arrays))]
    ports = [
        port(name, helper.np_dtype_to_tensor_dtype(each.dtype), *each.shape)
        for name, each in zip(names, arrays, strict=True)
    ]
    out = helper.make_tensor_value_info("y", kind, None)
    content = model([helper.make_node(operator, names, ["y"], **attributes)], ports, [out])
    run = RUNNER.run(content, dict(zip(names, arrays, strict=True)))
    assert run.dispatches > 0 or run.outputs["y"].size == 0
    return run.outputs["y"]


def test_a_chain_gives_what_numpy_gives() -> None:
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    run = RUNNER.run(chain(), {"x": x})
    wanted = np.maximum(x @ np.full((4, 3), 0.5, np.float32), 0)
    np.testing.assert_allclose(run.outputs["y"], wanted, rtol=1e-6, atol=1e-6)
    # The bias or activation that follows a product is computed with it.
    assert run.dispatches == 1


SHAPES = st.lists(st.integers(1, 4), min_size=0, max_size=4)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(SHAPES, st.data())
def test_pairs_broadcast_as_in_numpy(shape: list[int], data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(shape)))
    other = [data.draw(st.sampled_from([1, axis])) for axis in shape[len(shape) - kept :]]
    a = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    b = np.arange(np.prod(other), dtype=np.float32).reshape(other) + 1
    np.testing.assert_array_equal(once("Sub", a, b), a - b)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([-3, -2, -1, 1, 2, 3]))
def test_slices_are_those_of_numpy(start: int, end: int, step: int) -> None:
    x = np.arange(14, dtype=np.float32).reshape(7, 2)
    names = ["x", "s", "e", "a", "t"]
    bounds = [
        numpy_helper.from_array(np.array([value], np.int64), name)
        for name, value in zip(names[1:], (start, end, 0, step), strict=True)
    ]
    node = helper.make_node("Slice", names, ["y"])
    content = model([node], [floats("x", 7, 2)], [floats("y", "n", 2)], bounds)
    found = RUNNER.run(content, {"x": x}).outputs["y"]
    np.testing.assert_array_equal(found, x[start:end:step])


def test_a_sum_longer_than_an_adapters_loops() -> None:
    x = np.ones((2, MAX_LOOP + 1001), np.int32)
    found = once("ReduceSum", x, np.array([1]), kind=TensorProto.INT32, keepdims=0)
    assert found.tolist() == [x.shape[1]] * 2


def test_a_tensor_of_no_elements() -> None:
    found = once("ReduceSum", np.zeros((3, 0), np.float32), np.array([1]), keepdims=0)
    assert found.tolist() == [0, 0, 0]
    assert once("Add", np.zeros((0, 2), np.float32), np.ones(2, np.float32)).shape == (0, 2)


def test_integers_of_64_bits_run_where_they_fit() -> None:
    a, b = np.array([2**30, -5]), np.array([1, 7])
    assert once("Add", a, b, kind=TensorProto.INT64).tolist() == [2**30 + 1, 2]


@pytest.mark.parametrize(
    ("operator", "arrays", "why"),
    [
        ("Add", (np.array([2**40]), np.array([1])), "do not fit 32 bits"),
        ("Mul", (np.array([2**20]), np.array([2**20])), "do not fit 32 bits"),
        ("Add", (np.zeros(2), np.array([1e9 + 1, 0])), "float32 does not hold the values"),
        ("Equal", (np.array([0.1, 1]), np.zeros(2)), "its rounding could change"),
        ("Add", (np.zeros(2, np.complex64), np.zeros(2, np.complex64)), "complex64 tensors"),
        ("MatMul", (np.zeros((1, MAX_LOOP + 1), np.float32),
                    np.zeros((MAX_LOOP + 1, 1), np.float32)), "exceed"),
        ("ImageDecoder", (np.zeros(2, np.uint8),), "no lowering"),
        ("RandomNormalLike", (np.zeros(2, np.float32),), "random numbers"),
    ],
)  # fmt: skip
def test_what_has_no_lowering_is_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, operator: str, arrays: tuple[Any, ...], why: str
) -> None:
    monkeypatch.setattr(RUNNER, "_pipeline", None)
    with pytest.raises(UnsupportedOperator, match=why) as caught:
        once(operator, *arrays)
    assert caught.value.operator


def test_a_shape_that_only_a_run_tells_is_refused() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["n"], to=TensorProto.INT32),
        helper.make_node("BitwiseNot", ["n"], ["m"]),
        helper.make_node("Cast", ["m"], ["s"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["x", "s"], ["y"]),
    ]
    content = model(nodes, [floats("x", 2)], [floats("y", "n")])
    with pytest.raises(UnsupportedOperator, match="determines a shape"):
        RUNNER.run(content, {"x": np.array([1, 2], np.float32)})


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"x": np.zeros((2, 5), np.float32)},
        {"x": np.zeros((2, 4), np.float64)},
        {"x": np.zeros((2, 4), np.float32), "z": np.zeros(1, np.float32)},
    ],
)
def test_inputs_that_are_not_the_models_are_refused(inputs: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        RUNNER.run(chain(), inputs)


def test_nan_and_infinity_pass_through() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0], np.float32)
    np.testing.assert_array_equal(once("Relu", x), [np.nan, np.inf, 0, 0])
    np.testing.assert_array_equal(once("Max", x, np.zeros(4, np.float32)), [np.nan, np.inf, 0, 0])
    assert once("IsNaN", x, kind=TensorProto.BOOL).tolist() == [True, False, False, False]


def test_half_precision_rounds_to_even() -> None:
    x = np.array([1 + 2**-11, 1 + 3 * 2**-11, 65519, 65520, 2**-25, 3 * 2**-25], np.float32)
    found = once("Cast", x, kind=TensorProto.FLOAT16, to=TensorProto.FLOAT16)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(found, x.astype(np.float16))


def test_an_unused_stage_is_not_run() -> None:
    nodes = [helper.make_node("Exp", ["x"], ["z"]), helper.make_node("Neg", ["x"], ["y"])]
    content = model(nodes, [floats("x", 2)], [floats("y", 2)])
    assert RUNNER.run(content, {"x": np.ones(2, np.float32)}).dispatches == 1


def test_known_operators() -> None:
    assert is_known("Conv")
    assert is_known("Attention")
    assert is_known("ai.onnx.preview.training.Adam")
    assert not is_known("ImageDecoder")
    assert not is_known("com.example.Thing")


def constant(name: str, *values: int) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


@pytest.mark.parametrize(
    ("nodes", "weights"),
    [
        ([helper.make_node("ConstantOfShape", ["s"], ["y"])], [constant("s", 1 << 40)]),
        ([helper.make_node("ConstantOfShape", ["s"], ["y"])], [constant("s", *[1 << 16] * 4)]),
        ([helper.make_node("Expand", ["x", "s"], ["y"])], [constant("s", 1 << 40, 2)]),
        ([helper.make_node("Tile", ["x", "s"], ["y"])], [constant("s", 1 << 40)]),
        (
            [
                helper.make_node("Range", ["a", "b", "c"], ["r"]),
                helper.make_node("Cast", ["r"], ["y"], to=TensorProto.FLOAT),
            ],
            [
                numpy_helper.from_array(np.array(value), name)
                for name, value in (("a", 0), ("b", 1 << 31), ("c", 1))
            ],
        ),
        (
            [
                helper.make_node("Unsqueeze", ["s", "z"], ["row"]),
                helper.make_node("Unsqueeze", ["s", "o"], ["column"]),
                helper.make_node("Add", ["row", "column"], ["t"]),
                helper.make_node("Cast", ["t"], ["y"], to=TensorProto.FLOAT),
            ],
            [constant("s", *range(1 << 15)), constant("z", 0), constant("o", 1)],
        ),
    ],
)
def test_attack_39_a_huge_tensor_is_refused_before_it_is_allocated(
    monkeypatch: pytest.MonkeyPatch, nodes: list[onnx.NodeProto], weights: list[TensorProto]
) -> None:
    monkeypatch.setattr(RUNNER, "_pipeline", None)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    content = model(nodes, [floats("x", 2)], [out], weights)
    tracemalloc.start()
    try:
        with pytest.raises(UnsupportedOperator, match="exceed"):
            RUNNER.run(content, {"x": np.ones(2, np.float32)})
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


def test_attack_39_nested_loops_do_not_unroll_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plan, "MAX_NODES", 2000)
    trips = constant("n", 200)
    truth = numpy_helper.from_array(np.array(True), "t")
    body = [helper.make_node("Neg", ["v0"], ["w0"])]
    for depth in range(4):
        ports = [
            port(f"i{depth}", TensorProto.INT64),
            port(f"c{depth}", TensorProto.BOOL),
            floats(f"v{depth}", 2),
        ]
        ends = [port(f"d{depth}", TensorProto.BOOL), floats(f"w{depth}", 2)]
        inner = [helper.make_node("Identity", [f"c{depth}"], [f"d{depth}"]), *body]
        graph = helper.make_graph(inner, "body", ports, ends)
        start = "x" if depth == 3 else f"v{depth + 1}"
        end = "y" if depth == 3 else f"w{depth + 1}"
        body = [helper.make_node("Loop", ["n", "t", start], [end], body=graph)]
    content = model(body, [floats("x", 2)], [floats("y", 2)], [trips, truth])
    with pytest.raises(UnsupportedOperator, match="unrolls"):
        RUNNER.run(content, {"x": np.ones(2, np.float32)})


def test_a_prepared_model_gives_what_single_runs_give() -> None:
    prepared = RUNNER.prepare(chain(), {})
    for seed in range(3):
        x = np.random.default_rng(seed).standard_normal((2, 4)).astype(np.float32)
        wanted = RUNNER.run(chain(), {"x": x})
        run = prepared.run({"x": x})
        np.testing.assert_array_equal(run.outputs["y"], wanted.outputs["y"])
        assert run.dispatches == wanted.dispatches
    prepared.release()


def test_a_prepared_model_refuses_what_does_not_fit() -> None:
    prepared = RUNNER.prepare(chain(), {})
    x = np.zeros((2, 4), np.float32)
    for inputs in ({}, {"x": x, "z": x}, {"x": x[:1]}, {"x": x.astype(np.float64)}):
        with pytest.raises(BadInput):
            prepared.run(inputs)
    shape = port("s", TensorProto.INT64, 1)
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"])]
    content = model(nodes, [floats("x", 2), shape], [floats("y", "n")])
    with pytest.raises(UnsupportedOperator, match="determines a shape"):
        RUNNER.prepare(content, {})
