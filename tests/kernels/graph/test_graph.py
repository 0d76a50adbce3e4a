"""Graphs that must be refused, each for its reason, and the properties of a graph."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kernels.graph import (
    ConstantSlot,
    Graph,
    GraphBuilder,
    GraphError,
    Reason,
    TensorSpec,
    Value,
    check_graph,
    memory_plan,
)
from kernels.graph.reference import execute
from kernels.trace import DType, tensor_root
from tests.kernels.graphs import every_operator, int8, two_inputs

Make = Callable[[GraphBuilder, Value], Value]

REFUSED: list[tuple[str, Make, Reason]] = [
    (
        "weights of another depth",
        lambda build, x: build.convolution(x, int8(2, 3, 3, 5)),
        Reason.BAD_SHAPE,
    ),
    (
        "window larger than the image",
        lambda build, x: build.convolution(x, int8(2, 9, 3, 4)),
        Reason.BAD_WINDOW,
    ),
    (
        "padding that is not below the extent",
        lambda build, x: build.convolution(x, int8(2, 1, 1, 4), padding=(1, 0, 0, 0)),
        Reason.BAD_WINDOW,
    ),
    (
        "more than 65,535 of a stride",
        lambda build, x: build.max_pool(x, (2, 2), stride=(1 << 16, 1)),
        Reason.BAD_VALUE,
    ),
    ("requantised int8", lambda build, x: build.requantise(x, 1, 1), Reason.BAD_DTYPE),
    ("sum of int8", lambda build, x: build.add(x, x), Reason.BAD_DTYPE),
    ("product of another depth", lambda build, x: build.matmul(x, int8(3, 5)), Reason.BAD_SHAPE),
    ("table of 255", lambda build, x: build.lookup(x, int8(255)), Reason.BAD_SHAPE),
    ("clamp upside down", lambda build, x: build.relu(x, 5, 4), Reason.BAD_VALUE),
    ("view of other bytes", lambda build, x: build.view(x, (7, 3)), Reason.OPERAND_MISMATCH),
    (
        "a convolution of 4,100 products",
        lambda build, x: build.convolution(
            build.view(x, (1, 1, 1, 256)), int8(1, 1, 17, 256), padding=(0, 8, 0, 8)
        ),
        Reason.OPERAND_LIMIT,
    ),
    (
        "a dilated window of 4 by 4",
        lambda build, x: build.convolution(x, int8(1, 4, 4, 4), dilation=(1, 2)),
        Reason.RUN_LIMIT,
    ),
]


@pytest.mark.parametrize(("make", "reason"), [pytest.param(m, r, id=n) for n, m, r in REFUSED])
def test_builder_refuses(make: Make, reason: Reason) -> None:
    build = GraphBuilder()
    x = build.input((1, 8, 8, 4))
    build.relu(x)
    with pytest.raises(GraphError) as caught:
        make(build, x)
    assert caught.value.reason is reason
    assert len(build.build().descriptors) == 1


def test_more_than_256_operators_are_refused() -> None:
    whole = every_operator().descriptors[0]
    assert check_graph([whole] * 256)
    with pytest.raises(GraphError) as caught:
        check_graph([whole] * 257)
    assert caught.value.reason is Reason.OPERATOR_LIMIT


def test_error_names_the_operator() -> None:
    descriptors = list(every_operator().descriptors)
    descriptors[3] = replace(descriptors[3], multiply_adds=1)
    with pytest.raises(GraphError, match=r"^BadMultiplyAdds: operator 3 \(max_pool\): 1 "):
        check_graph(descriptors)


def test_missing_and_changed_constants_are_refused() -> None:
    graph = every_operator()
    key = graph.constant_keys()[0]
    rest = {other: array for other, array in graph.constants.items() if other != key}
    with pytest.raises(GraphError, match=r"is missing$"):
        Graph(graph.descriptors, rest)
    with pytest.raises(GraphError, match=r"^BadConstant: a constant's hash is not "):
        Graph(graph.descriptors, {**rest, key: graph.constants[key] ^ 1})
    with pytest.raises(GraphError, match=r"is not TensorSpec"):
        Graph(graph.descriptors, {**rest, key: graph.constants[key].astype(np.int32)})


@pytest.mark.parametrize(("multiplier", "shift"), [(0, 1), (-1, 1), (1, 0), (1, 63)])
def test_per_channel_table_out_of_range_is_refused(multiplier: int, shift: int) -> None:
    build = GraphBuilder()
    x = build.input((2, 3), DType.INT32)
    build.requantise(x, np.array([1, multiplier, 1]), np.array([1, shift, 1]))
    with pytest.raises(GraphError) as caught:
        build.build()
    assert caught.value.reason is Reason.BAD_CONSTANT


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [np.zeros((2, 9, 7, 3), np.int32)],
        [np.zeros((2, 9, 7, 4), np.int8)],
        [np.zeros((2, 9, 7, 3), np.int8)] * 2,
    ],
    ids=["none", "int32", "another shape", "two"],
)
def test_inputs_that_do_not_fit_are_refused(inputs: list[np.ndarray]) -> None:
    with pytest.raises(GraphError) as caught:
        execute(every_operator(), inputs)
    assert caught.value.reason is Reason.OPERAND_MISMATCH


def test_graph_knows_its_inputs_outputs_and_work() -> None:
    graph = two_inputs()
    assert graph.inputs == (
        TensorSpec((1, 1, 3, 64), DType.INT8),
        TensorSpec((1, 1, 4, 64), DType.INT8),
    )
    assert graph.outputs[0] == TensorSpec((1, 1, 3, 4), DType.INT32)
    assert graph.multiply_adds == 3 * 4 * 64 + 3 * 4 + 3 * 4


def test_constants_are_found_by_slot() -> None:
    graph = every_operator()
    bias = graph.constant(0, ConstantSlot.BIAS_OR_TABLE)
    assert tensor_root(bias) == graph.descriptors[0].roots[1]
    with pytest.raises(KeyError):
        graph.constant(0, ConstantSlot.CHANNELS)


def test_any_change_changes_the_hash() -> None:
    first, second = two_inputs(), every_operator()
    assert first.spec_root == two_inputs().spec_root != second.spec_root
    last = replace(second.descriptors[-1])
    assert Graph((*second.descriptors, last), second.constants).spec_root != second.spec_root


def test_all_zero_constants_of_two_sizes_share_a_root_but_not_a_form() -> None:
    build = GraphBuilder()
    x = build.input((1, 8))
    build.matmul(x, int8(3, 8), np.zeros(3, np.int32))
    build.matmul(x, int8(9, 8), np.zeros(9, np.int32))
    graph = build.build()
    assert graph.descriptors[0].roots[1] == graph.descriptors[1].roots[1]
    assert [graph.constant(at, ConstantSlot.BIAS_OR_TABLE).size for at in (0, 1)] == [3, 9]


def test_memory_is_known_before_the_start() -> None:
    plan = memory_plan(two_inputs())
    # Buffer sizes are multiples of 256 bytes. Three roots of one leaf each, a root of zeros and two
    # levels of one node need 32 bytes each, and each tree needs one row of 256.
    assert (plan.inputs, plan.constants, plan.descriptors) == (2 * 256, 256, 4 * 256)
    assert plan.outputs == plan.staging == 3 * 256
    assert plan.hashing == 32 * (3 + 1 + 2) + 3 * 256
    shared = plan.inputs + plan.constants + plan.outputs + plan.hashing + plan.descriptors
    assert plan.peak == shared + plan.staging
    assert plan.peak_of(2) == plan.peak + plan.staging
    assert plan.largest == 256
