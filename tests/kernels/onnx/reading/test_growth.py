"""What may be computed from constants before a model is checked."""

from typing import Any

import numpy as np
import pytest
from onnx import helper

from kernels.onnx.reading.growth import FREE_ELEMENTS, grows


def many(*shape: int) -> Any:
    """Returns an array that takes no memory."""
    return np.broadcast_to(np.float32(0), shape)


@pytest.mark.parametrize(
    ("operator", "operands"),
    [
        ("ConstantOfShape", [np.array([1 << 20, 1 << 20])]),
        ("Expand", [many(2), np.array([1 << 40, 2])]),
        ("Tile", [many(2, 2), np.array([1 << 30, 1])]),
        ("Range", [np.array(0), np.array(1 << 40), np.array(1)]),
        ("Add", [many(1 << 16, 1), many(1, 1 << 16)]),
        ("MatMul", [many(1 << 16, 1), many(1, 1 << 16)]),
        ("Gather", [many(4, 1 << 14), np.zeros(1 << 12, np.int64)]),
    ],
)
def test_attack_39_a_constant_that_would_be_huge_is_not_computed(
    operator: str, operands: list[Any]
) -> None:
    node = helper.make_node(operator, [f"x{at}" for at in range(len(operands))], ["y"])
    assert grows(node, operands)


@pytest.mark.parametrize(
    ("operator", "operands"),
    [
        ("Transpose", [many(1 << 14, 1 << 12)]),
        ("Add", [many(1 << 12, 1 << 13), many(1 << 13)]),
        ("Gather", [many(30_000, 384), np.zeros(512, np.int64)]),
        ("ConstantOfShape", [np.array([FREE_ELEMENTS])]),
        ("Constant", []),
    ],
)
def test_ordinary_constants_are_computed(operator: str, operands: list[Any]) -> None:
    node = helper.make_node(operator, [f"x{at}" for at in range(len(operands))], ["y"])
    assert not grows(node, operands)


def test_a_body_is_not_computed() -> None:
    graph = helper.make_graph([], "body", [], [])
    node = helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)
    assert grows(node, [np.array(True)])
