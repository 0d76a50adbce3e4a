"""Lengths for open axes, which both classes read in the same way."""

from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from kernels.custom.element import Tolerance
from kernels.onnx.exact import LoweringError, read_network
from kernels.onnx.reading import (
    ModelError,
    OpenAxes,
    Reason,
    check_model,
    given_shapes,
    input_shapes,
)
from kernels.onnx.tolerant import BadInput, TolerantRunner
from kernels.onnx.tolerant.packaging import package
from tests.kernels.onnx.models import floats, model

BOUNDS = Tolerance.rounded(1e-4, 1e-3, 0)
Given = Mapping[str, tuple[int, ...]]


def adding(*ports: onnx.ValueInfoProto, out: tuple[int | str, ...] = ("m", "n")) -> onnx.ModelProto:
    """Returns the sum of all inputs."""
    node = helper.make_node("Sum", [port.name for port in ports], ["y"])
    return model([node], ports, [floats("y", *out)])


def of_any_rank(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def test_an_axis_of_minus_one_is_open() -> None:
    content = check_model(adding(floats("x", -1, 3), out=(-1, 3)))
    x = np.ones((2, 3), np.float32)
    np.testing.assert_array_equal(TolerantRunner().run(content, {"x": x}).outputs["y"], x)
    assert input_shapes(content, {"x": (2, 3)}) == {"x": (2, 3)}
    assert not content.graph.output[0].type.tensor_type.shape.dim[0].HasField("dim_value")


@pytest.mark.parametrize("length", [-2, 1 << 31])
def test_other_lengths_out_of_range_are_refused(length: int) -> None:
    with pytest.raises(ModelError) as caught:
        check_model(adding(floats("x", length, 3)))
    assert caught.value.reason is Reason.BAD_DIMENSION


@pytest.mark.parametrize(
    ("given", "shapes"),
    [
        ({"x": (2, 5)}, {"x": (2, 5), "state": (3, 2, 5)}),
        ({"state": (3, 2, 5)}, {"x": (2, 5), "state": (3, 2, 5)}),
        ({"batch": (2,), "x": (2, 5)}, {"x": (2, 5), "state": (3, 2, 5)}),
        ({"batch": (2,), "n": (5,)}, {"x": (2, 5), "state": (3, 2, 5)}),
        # Both are given, so that neither decides for the other.
        ({"x": (1, 5), "state": (3, 2, 5)}, {"x": (1, 5), "state": (3, 2, 5)}),
    ],
)
def test_a_batch_beside_a_fixed_first_axis(given: Given, shapes: Given) -> None:
    content = adding(floats("x", "batch", "n"), floats("state", 3, "batch", "n"))
    assert input_shapes(content, given) == shapes


def test_an_input_of_any_rank_takes_the_given_shape() -> None:
    content = adding(of_any_rank("x"), floats("b", 4))
    found = package(content, "net", {"x": (2, 3, 4)}, BOUNDS)
    assert [port.shape for port in found.inputs] == [(2, 3, 4), (4,)]


def test_all_that_must_be_given_is_listed_in_both_classes() -> None:
    content = adding(floats("x", "batch", 3), of_any_rank("w"), floats("s", 1))
    told = (
        "inputs 'x' [batch, 3], 'w' of any rank: an axis has no fixed size; give every axis a "
        "size: --shape x=?,3 --shape w=..."
    )
    with pytest.raises(OpenAxes) as opened:
        input_shapes(content, {})
    with pytest.raises(BadInput) as tolerant:
        package(content, "net", {}, BOUNDS)
    with pytest.raises(LoweringError) as exact:
        read_network(content)
    assert [str(each.value) for each in (opened, tolerant, exact)] == [told] * 3


def test_named_axes_can_be_given_by_name() -> None:
    with pytest.raises(OpenAxes) as caught:
        input_shapes(adding(floats("x", "b", "n"), floats("y_", "n")), {})
    assert str(caught.value).endswith(
        "--shape x=?,? --shape y_=?, or each name once: --shape b=1 --shape n=1"
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"x": (2, 4)}, "the shape 2,4 does not fit [batch, 3]: --shape x=?,3"),
        ({"x": (2,)}, "the shape 2 does not fit"),
        ({"x": (0, 3)}, "the shape 0,3 does not fit"),
        ({"z": (1,)}, "no such input or axis; its inputs are x, its named axes batch"),
        ({"batch": (1, 2)}, "no such input or axis"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(given: Given, why: str) -> None:
    with pytest.raises(OpenAxes) as caught:
        input_shapes(adding(floats("x", "batch", 3)), given)
    assert why in str(caught.value)


def test_an_input_without_a_shape_passes_the_checker_and_stays_open() -> None:
    content = check_model(adding(of_any_rank("x"), floats("b", 4)))
    assert not content.graph.input[0].type.tensor_type.HasField("shape")
    x = np.ones((2, 4), np.float32)
    run = TolerantRunner().run(content, {"x": x, "b": x[0]})
    np.testing.assert_array_equal(run.outputs["y"], x + 1)


def test_only_what_is_given_sizes_an_input() -> None:
    content = adding(floats("x", "batch", 4), floats("s", 1, "batch", "n"), floats("w", 4))
    assert given_shapes(content, {}) == {}
    assert given_shapes(content, {"batch": (2,)}) == {"x": (2, 4)}
    assert given_shapes(content, {"s": (1, 3, 1)}) == {"x": (3, 4), "s": (1, 3, 1)}
    with pytest.raises(OpenAxes, match="no such input or axis"):
        given_shapes(content, {"z": (1,)})
