from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.exact.verification import (
    Accept,
    CommittedStage,
    Reject,
    TraceVerdict,
    Unavailable,
    verify_trace,
)
from keeper.exact.verification.field import Elements, random_elements
from kernels.evidence import Place, element_at
from kernels.graph import Graph, GraphBuilder, GraphError, is_linear
from kernels.graph.reference import evaluate, execute, operands
from kernels.trace import MerkleTree, stored_roots, tensor_root, trace_root
from kernels.trace.layout import Array
from kernels.trace.merkle import TENSOR
from tests.keeper.exact.verification.graphs import (
    ARGMAX,
    CONVOLUTION,
    MATMUL,
    POOL,
    every_operator,
    honest,
    one_stage,
    stored,
)
from tests.kernels.graphs import attention

GRAPH, INPUTS, OUTPUTS = honest(24)
PRODUCTS = [at for at, each in enumerate(GRAPH.descriptors) if is_linear(each)]
SOME = st.integers(0, len(OUTPUTS) - 1)


def check(
    outputs: Sequence[Array], graph: Graph = GRAPH, inputs: Sequence[Array] = INPUTS
) -> TraceVerdict:
    trace = list(outputs)
    return verify_trace(graph, inputs, stored(trace), one_stage(trace))


def rejection(operator: int, element: int, graph: Graph = GRAPH) -> Reject:
    """A rejection of the element with a row-major index."""
    spec = graph.outputs[operator]
    return Reject(operator, element_at(spec, Place(*divmod(element, spec.shape[3]))))


def changed(operator: int, element: int, delta: int) -> list[Array]:
    outputs = [output.copy() for output in OUTPUTS]
    flat = outputs[operator].reshape(-1)
    flat[element % flat.size] ^= flat.dtype.type(delta)
    return outputs


@pytest.mark.parametrize("images", [1, 2, 24])
def test_an_honest_trace_is_accepted(images: int) -> None:
    graph, inputs, outputs = honest(images)
    verdict = check(outputs, graph, inputs)
    assert verdict.finding == Accept()
    assert 0 < verdict.cost.hashing_seconds < verdict.cost.seconds


@settings(deadline=None, max_examples=60)
@given(SOME, st.integers(0, 2**20), st.integers(0, 6))
def test_one_flipped_bit_is_located_exactly(operator: int, element: int, bit: int) -> None:
    outputs = changed(operator, element, 1 << bit)
    expected = rejection(operator, element % OUTPUTS[operator].size)
    assert check(outputs).finding == expected


def test_the_first_of_several_wrong_elements_is_named() -> None:
    outputs = changed(CONVOLUTION, 77, 1)
    outputs[CONVOLUTION].reshape(-1)[40] += 1
    outputs[ARGMAX][...] = 0
    assert check(outputs).finding == rejection(CONVOLUTION, 40)


def test_all_products_go_into_one_fold() -> None:
    verdict = check(OUTPUTS)
    assert verdict.cost.folded == len(PRODUCTS)


@pytest.mark.parametrize("wrong", [PRODUCTS, PRODUCTS[1:], PRODUCTS[2:]])
def test_a_failed_fold_names_the_first_wrong_product(wrong: Sequence[int]) -> None:
    outputs = [output.copy() for output in OUTPUTS]
    for operator in wrong:
        outputs[operator].reshape(-1)[7 + operator] += 1
    assert check(outputs).finding == rejection(wrong[0], 7 + wrong[0])


def test_a_product_after_an_operator_that_is_wrong_is_not_named() -> None:
    outputs = changed(POOL, 11, 1)
    outputs[MATMUL].reshape(-1)[0] += 1
    assert check(outputs).finding == rejection(POOL, 11)


def test_what_failed_the_fold_is_recomputed_even_if_it_passes_alone() -> None:
    """As seldom as a fold lies: here the randomness runs out after the fold."""
    outputs = changed(MATMUL, 5, 1)
    drawn: list[int] = []

    def exhausted(count: int) -> Elements:
        drawn.append(count)
        return random_elements(count) if len(drawn) <= len(PRODUCTS) else np.zeros(count, np.uint64)

    verdict = verify_trace(GRAPH, INPUTS, stored(outputs), one_stage(outputs), randomness=exhausted)
    assert verdict.finding == rejection(MATMUL, 5)
    assert len(drawn) == 2 * len(PRODUCTS)


def test_roots_come_from_the_hasher_that_is_given() -> None:
    seen: list[int] = []

    def hasher(tensors: Sequence[bytes]) -> list[bytes]:
        seen.append(len(tensors))
        return stored_roots(tensors)

    trace, stages = stored(OUTPUTS), one_stage(OUTPUTS)
    assert verify_trace(GRAPH, INPUTS, trace, stages, hasher=hasher).finding == Accept()
    assert seen == [len(OUTPUTS)]
    verdict = verify_trace(
        GRAPH, INPUTS, trace, stages, hasher=lambda found: [bytes(32)] * len(found)
    )
    assert verdict.finding == Unavailable(f"stage 0..{len(OUTPUTS)}")


def test_a_consistent_trace_of_a_wrong_beginning_is_rejected_at_the_beginning() -> None:
    outputs = changed(CONVOLUTION, 5, 1)[:1]
    for index in range(1, len(OUTPUTS)):
        outputs.append(evaluate(GRAPH.descriptors[index], operands(GRAPH, index, INPUTS, outputs)))
    assert check(outputs).finding == rejection(CONVOLUTION, 5)


def test_a_stale_trace_is_rejected() -> None:
    _, others = every_operator(24, seed=8)
    outputs = execute(GRAPH, others)
    wrong = np.flatnonzero(outputs[CONVOLUTION].reshape(-1) != OUTPUTS[CONVOLUTION].reshape(-1))
    assert check(outputs).finding == rejection(CONVOLUTION, int(wrong[0]))


@pytest.mark.parametrize("operator", range(len(OUTPUTS)))
def test_a_zeroed_tensor_is_rejected(operator: int) -> None:
    outputs = [output.copy() for output in OUTPUTS]
    outputs[operator][...] = 0
    wrong = np.flatnonzero(OUTPUTS[operator].reshape(-1))
    assert check(outputs).finding == rejection(operator, int(wrong[0]))


def test_a_missing_output_is_unavailable() -> None:
    trace = stored(OUTPUTS)
    trace[MATMUL] = None
    verdict = verify_trace(GRAPH, INPUTS, trace, one_stage(OUTPUTS))
    assert verdict.finding == Unavailable(f"operator {MATMUL}")
    assert verdict.cost.macs == 0


def test_data_other_than_committed_is_unavailable_even_if_it_is_right() -> None:
    verdict = verify_trace(GRAPH, INPUTS, stored(OUTPUTS), one_stage(changed(POOL, 3, 1)))
    assert verdict.finding == Unavailable(f"stage 0..{len(OUTPUTS)}")


def test_a_wrong_length_is_unavailable() -> None:
    trace = stored(OUTPUTS)
    trace[CONVOLUTION] = (trace[CONVOLUTION] or b"") + bytes(256)
    verdict = verify_trace(GRAPH, INPUTS, trace, one_stage(OUTPUTS))
    assert verdict.finding == Unavailable(f"operator {CONVOLUTION}")


def test_a_committed_pad_byte_is_fraud() -> None:
    trace = stored(OUTPUTS)
    spec = GRAPH.outputs[POOL]
    assert spec.stride > spec.row_bytes
    dirty = bytearray(trace[POOL] or b"")
    dirty[2 * spec.stride + spec.row_bytes] = 1
    roots = [tensor_root(output) for output in OUTPUTS]
    roots[POOL] = MerkleTree(TENSOR, bytes(dirty)).root
    trace[POOL] = bytes(dirty)
    stages = [CommittedStage(0, len(OUTPUTS), trace_root(roots))]
    assert verify_trace(GRAPH, INPUTS, trace, stages).finding == Reject(
        POOL, 2 * spec.stride + spec.row_bytes
    )


def test_stages_are_checked_one_by_one_and_a_part_may_be_checked() -> None:
    roots = [tensor_root(output) for output in OUTPUTS]
    stages = [
        CommittedStage(0, 2, trace_root(roots[:2])),
        CommittedStage(2, 5, trace_root(roots[2:5])),
    ]
    assert verify_trace(GRAPH, INPUTS, stored(OUTPUTS[:5]), stages).finding == Accept()
    stages[1] = CommittedStage(2, 5, trace_root(roots[:3]))
    verdict = verify_trace(GRAPH, INPUTS, stored(OUTPUTS[:5]), stages)
    assert verdict.finding == Unavailable("stage 2..5")


@pytest.mark.parametrize("stages", [[], [CommittedStage(1, 10, b"")], [CommittedStage(0, 9, b"")]])
def test_stages_that_do_not_cover_the_outputs_are_an_error(stages: list[CommittedStage]) -> None:
    with pytest.raises(ValueError, match="stage"):
        verify_trace(GRAPH, INPUTS, stored(OUTPUTS), stages)


def test_inputs_of_another_shape_are_an_error() -> None:
    with pytest.raises(GraphError):
        verify_trace(GRAPH, [INPUTS[0][:3]], stored(OUTPUTS), one_stage(OUTPUTS))


def test_a_sum_that_wraps_is_accepted() -> None:
    build = GraphBuilder()
    x = build.input((64, 64))
    weights = np.full((64, 64), 127, np.int8)
    build.matmul(x, weights, np.full(64, 2**31 - 1, np.int32))
    graph, inputs = build.build(), [np.full((1, 1, 64, 64), 127, np.int8)]
    outputs = execute(graph, inputs)
    assert outputs[0].max() < 0
    assert check(outputs, graph, inputs).finding == Accept()
    outputs[0][0, 0, 63, 5] -= 1
    assert check(outputs, graph, inputs).finding == rejection(0, 63 * 64 + 5, graph)


def test_a_large_bias_that_does_not_wrap_is_not_recomputed() -> None:
    build = GraphBuilder()
    weights = np.zeros((64, 64), np.int8)
    build.matmul(build.input((64, 64)), weights, np.full(64, -(2**31), np.int32))
    graph, inputs = build.build(), [np.ones((1, 1, 64, 64), np.int8)]
    verdict = check(execute(graph, inputs), graph, inputs)
    assert verdict.finding == Accept()
    assert verdict.cost.macs < graph.multiply_adds


def test_blind_randomness_shows_what_the_check_relies_on() -> None:
    def zeros(count: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return np.zeros(count, np.uint64)

    outputs = changed(CONVOLUTION, 9, 1)
    trace = verify_trace(GRAPH, INPUTS, stored(outputs), one_stage(outputs), randomness=zeros)
    assert trace.finding != rejection(CONVOLUTION, 9)


def batch() -> tuple[Graph, list[Array]]:
    """Products of two job inputs in a batch, large enough to be folded."""
    build = GraphBuilder()
    build.matmul(build.input((2, 3, 64, 64)), build.input((2, 3, 64, 64)))
    rng = np.random.default_rng(5)
    return build.build(), [rng.integers(-128, 128, (2, 3, 64, 64), np.int8) for _ in range(2)]


def test_a_batch_of_products_is_folded_and_its_wrong_element_found() -> None:
    graph, inputs = batch()
    outputs = execute(graph, inputs)
    verdict = check(outputs, graph, inputs)
    assert verdict.finding == Accept()
    assert verdict.cost.folded == 1
    assert verdict.cost.macs < graph.multiply_adds
    outputs[0][1, 0, 7, 9] ^= 1
    assert check(outputs, graph, inputs).finding == rejection(0, (3 * 64 + 7) * 64 + 9, graph)


TRANSFORMER = attention()
STATES = [
    np.random.default_rng(6).integers(-128, 128, spec.shape, np.int8) for spec in TRANSFORMER.inputs
]


@pytest.mark.parametrize("operator", range(len(TRANSFORMER.descriptors)))
def test_a_wrong_element_of_any_operator_of_a_transformer_is_found(operator: int) -> None:
    outputs = execute(TRANSFORMER, STATES)
    assert check(outputs, TRANSFORMER, STATES).finding == Accept()
    element = outputs[operator].size * 2 // 3
    outputs[operator].reshape(-1)[element] ^= 1
    found = check(outputs, TRANSFORMER, STATES).finding
    assert found == rejection(operator, element, TRANSFORMER)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Graph, list[Array]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    images, channels = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    kernel, stride, dilation = (draw(st.integers(1, top)) for top in (3, 2, 2))
    padding = min(draw(st.integers(0, 2)), dilation * (kernel - 1))
    build = GraphBuilder()
    build.convolution(
        build.input((images, 7, 6, 5)),
        rng.integers(-128, 128, (channels, kernel, kernel, 5), np.int8),
        rng.integers(-1000, 1000, channels, np.int32) if draw(st.booleans()) else None,
        stride=(stride, stride),
        dilation=(dilation, dilation),
        padding=(padding, 0, 0, padding),
        pad_value=draw(st.integers(-128, 127)),
        zero_point_in=draw(st.integers(-128, 127)),
    )
    return build.build(), [rng.integers(-128, 128, (images, 7, 6, 5), np.int8)]


@settings(deadline=None, max_examples=25)
@given(convolutions(), st.integers(0, 2**20), st.integers(1, 2**31 - 1))
def test_every_convolution_is_accepted_when_right_and_rejected_when_wrong(
    case: tuple[Graph, list[Array]], element: int, difference: int
) -> None:
    graph, inputs = case
    outputs = execute(graph, inputs)
    assert check(outputs, graph, inputs).finding == Accept()
    element %= outputs[0].size
    outputs[0].reshape(-1)[element] ^= difference
    assert check(outputs, graph, inputs).finding == rejection(0, element, graph)
