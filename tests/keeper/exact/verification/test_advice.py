"""Sums that a provider tells: they save work, and decide nothing."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.exact.verification import (
    Accept,
    Advice,
    Reject,
    TraceVerdict,
    is_worth_advice,
    verify_trace,
)
from kernels.evidence import Place, element_at
from kernels.graph import Graph, GraphBuilder, Narrowing, narrow
from kernels.graph.reference import evaluate, execute, operands, sums
from kernels.trace import DType
from kernels.trace.layout import Array
from tests.keeper.exact.verification.graphs import one_stage, stored

WIDE, NEAR, FLAT, LAST = range(4)


def narrow_graph() -> Graph:
    """Returns a convolution, a depthwise and two products to int8, all large enough to check."""
    random = np.random.default_rng(11)

    def int8(*shape: int) -> Array:
        return random.integers(-128, 128, shape, np.int8)

    build = GraphBuilder()
    to = Narrowing(np.arange(1, 65) << 24, np.full(64, 41), -3, (-120, 120))
    x = build.input((2, 9, 9, 64))
    bias = random.integers(-9_000, 9_000, 64, np.int32)
    y = build.convolution(
        x, int8(64, 3, 3, 64), bias, padding=(1, 1, 1, 1), pad_value=7, zero_point_in=7, to=to
    )
    y = build.depthwise(y, int8(64, 3, 3, 1), bias, padding=(1, 1, 1, 1), to=to)
    y = build.matmul(y, int8(64, 64), bias, to=to)
    build.matmul(y, int8(48, 64), to=Narrowing(1 << 30, 40))
    return build.build()


GRAPH = narrow_graph()
INPUTS = [np.random.default_rng(3).integers(-128, 128, GRAPH.inputs[0].shape, np.int8)]
OUTPUTS = execute(GRAPH, INPUTS)
PRODUCTS = [WIDE, FLAT, LAST]


def honest_advice(outputs: Sequence[Array] = OUTPUTS) -> Advice:
    return lambda at: sums(GRAPH.descriptors[at], operands(GRAPH, at, INPUTS, outputs))


def check(outputs: Sequence[Array], advice: Advice | None) -> TraceVerdict:
    trace = list(outputs)
    return verify_trace(GRAPH, INPUTS, stored(trace), one_stage(trace), advice=advice)


def lied(operator: int, element: int, delta: int = 1) -> list[Array]:
    """Returns outputs of which one element is wrong, and later ones follow from it."""
    outputs: list[Array] = []
    for at, honest in enumerate(OUTPUTS):
        if at < operator:
            outputs.append(honest)
            continue
        following = execute_one(at, outputs)
        if at == operator:
            following.reshape(-1)[element] ^= delta
        outputs.append(following)
    return outputs


def execute_one(at: int, outputs: Sequence[Array]) -> Array:
    return evaluate(GRAPH.descriptors[at], operands(GRAPH, at, INPUTS, outputs)).copy()


def rejection(operator: int, element: int) -> Reject:
    spec = GRAPH.outputs[operator]
    return Reject(operator, element_at(spec, Place(*divmod(element, spec.shape[3]))))


def test_advice_is_wanted_where_it_saves_work() -> None:
    assert [at for at, each in enumerate(GRAPH.descriptors) if is_worth_advice(each)] == PRODUCTS


def test_sums_are_requantised_to_the_output() -> None:
    for at in range(len(OUTPUTS)):
        reads = operands(GRAPH, at, INPUTS, OUTPUTS)
        found = sums(GRAPH.descriptors[at], reads)
        assert found.dtype == np.int32
        assert np.array_equal(narrow(GRAPH.descriptors[at], found, reads[2]), OUTPUTS[at])


def test_honest_trace_is_accepted_for_a_fraction_of_the_work() -> None:
    alone, told = check(OUTPUTS, None), check(OUTPUTS, honest_advice())
    assert alone.finding == told.finding == Accept()
    assert (alone.cost.advised, told.cost.advised) == (0, 3)
    depthwise = GRAPH.descriptors[NEAR].multiply_adds
    assert alone.cost.macs == GRAPH.multiply_adds
    assert told.cost.macs - depthwise < 0.2 * (GRAPH.multiply_adds - depthwise)


def corrupted(change: Callable[[int, Array], Array | None]) -> Advice:
    return lambda at: change(at, honest_advice()(at).copy())  # type: ignore[union-attr]


def nothing(_at: int, _found: Array) -> None:
    return None


def of_another_shape(_at: int, found: Array) -> Array:
    return found[:, :1]


def of_another_dtype(_at: int, found: Array) -> Array:
    return found.astype(np.int64)


def contradicting(_at: int, found: Array) -> Array:
    found.reshape(-1)[5] += 1 << 20
    return found


def fitting_but_wrong(_at: int, found: Array) -> Array:
    """Moves one sum by so little that it is rounded to the same int8."""
    found.reshape(-1)[5] ^= 1
    return found


BAD = (nothing, of_another_shape, of_another_dtype, contradicting, fitting_but_wrong)


@pytest.mark.parametrize("change", BAD, ids=lambda change: change.__name__)
def test_bad_advice_makes_nobody_guilty(change: Callable[[int, Array], Array | None]) -> None:
    found = check(OUTPUTS, corrupted(change))
    assert found.finding == Accept()
    # At worst everything is recomputed on top of the fold.
    assert GRAPH.multiply_adds <= found.cost.macs < 1.25 * GRAPH.multiply_adds


@pytest.mark.parametrize("change", BAD, ids=lambda change: change.__name__)
@pytest.mark.parametrize("operator", range(4))
def test_no_lie_passes_beside_bad_advice(
    operator: int, change: Callable[[int, Array], Array | None]
) -> None:
    outputs = lied(operator, 77)
    advice = honest_advice(outputs)

    def bad(at: int) -> Array | None:
        told = advice(at)
        assert told is not None
        return change(at, told.copy())

    assert check(outputs, bad).finding == rejection(operator, 77)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 3), st.integers(0, 2**20), st.integers(0, 7))
def test_advice_that_fits_a_lie_does_not_save_it(operator: int, place: int, bit: int) -> None:
    """The provider tells sums of which its lie would be the honest rounding."""
    element = place % OUTPUTS[operator].size
    outputs = lied(operator, element, int(np.uint8(1 << bit).view(np.int8)))
    honest = honest_advice(outputs)

    def fitted(at: int) -> Array | None:
        told = honest(at)
        assert told is not None
        if at == operator:
            told.reshape(-1)[element] = _sum_for(at, element, outputs[at].reshape(-1)[element])
        return told

    assert check(outputs, fitted).finding == rejection(operator, element)


def _sum_for(at: int, element: int, value: int) -> int:
    """Returns a sum that is requantised to a value, or to the nearest that the clamp allows."""
    column = element % GRAPH.outputs[at].shape[3]
    reads = operands(GRAPH, at, INPUTS, OUTPUTS)
    _, multiplier, shift = reads[2].reshape(-1, 3)[column].tolist()
    off = int(value) - GRAPH.descriptors[at].zero_point_out
    return int(np.clip((off << shift) // multiplier, DType.INT32.low, DType.INT32.high))


def test_a_lie_in_an_operator_before_is_named_first() -> None:
    outputs = lied(NEAR, 3)
    outputs[LAST] = outputs[LAST].copy()
    outputs[LAST].reshape(-1)[0] ^= 1
    assert check(outputs, honest_advice(outputs)).finding == rejection(NEAR, 3)
    assert check(outputs, corrupted(fitting_but_wrong)).finding == rejection(NEAR, 3)


def test_a_provider_that_contradicts_itself_is_asked_no_more() -> None:
    asked: list[int] = []

    def advice(at: int) -> Array | None:
        asked.append(at)
        return contradicting(at, honest_advice()(at).copy())  # type: ignore[union-attr]

    assert check(OUTPUTS, advice).finding == Accept()
    assert asked == [WIDE]


def test_a_sum_that_may_wrap_is_checked_alone() -> None:
    build = GraphBuilder()
    bias = np.full(64, 2**31 - 1, np.int32)
    random = np.random.default_rng(2)
    weights = random.integers(-128, 128, (64, 512), np.int8)
    build.matmul(build.input((64, 512)), weights, bias, to=Narrowing(1 << 30, 58))
    graph = build.build()
    inputs = [random.integers(-128, 128, (1, 1, 64, 512), np.int8)]
    outputs = execute(graph, inputs)
    told = sums(graph.descriptors[0], operands(graph, 0, inputs, []))
    assert told.min() < 0 < told.max()
    verdict = verify_trace(
        graph, inputs, stored(outputs), one_stage(outputs), advice=lambda _: told
    )
    assert verdict.finding == Accept()
