"""Providers that compute a product to int8 wrongly in one step fall wherever it shows."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from kernels.evidence import Place, Witness, element_at
from kernels.graph import Descriptor, Graph, GraphBuilder, Narrowing
from kernels.graph.reference import evaluate, execute, operands
from kernels.trace import pack
from kernels.trace.layout import Array
from neurolov_client.bindings.verdict import Outcome
from tests.kernels.evidence.record import inputs_of
from tests.kernels.graphs import int8, int32
from tests.programs.verdict.disputing import Disputing
from tests.world import World

Reads = Sequence[Array]
Mistake = Callable[[Descriptor, Reads], Array]


def narrow(kind: str) -> Graph:
    """Returns a product to int8; one with a window has padding around its image."""
    build = GraphBuilder()
    x = build.input((1, 6, 5, 12))
    to = Narrowing(np.arange(3, 15) << 27, np.full(12, 42), -4, (-12, 9))
    match kind:
        case "convolution":
            build.convolution(x, int8(12, 3, 3, 12), int32(12), to=to, padding=(1, 1, 1, 1))
        case "depthwise":
            build.depthwise(x, int8(12, 3, 3, 1), int32(12), to=to, padding=(1, 1, 1, 1))
        case _:
            build.matmul(x, int8(12, 12), int32(12), to=to)
    return build.build()


def with_scales(reads: Reads, column: int, change: Callable[[Array], Array]) -> list[Array]:
    scales = reads[2].copy()
    scales[..., column] = change(scales[..., column])
    return [*reads[:2], scales]


def without_bias(descriptor: Descriptor, reads: Reads) -> Array:
    """Leaves the bias out of the sum."""
    return evaluate(descriptor, with_scales(reads, 0, np.zeros_like))


def without_a_tap(descriptor: Descriptor, reads: Reads) -> Array:
    """Leaves the last weight of each output out of the sum."""
    weights = reads[1].copy()
    weights.reshape(weights.shape[0] * weights.shape[1], -1)[..., -1] = 0
    return evaluate(descriptor, [reads[0], weights, reads[2]])


def with_another_scale(descriptor: Descriptor, reads: Reads) -> Array:
    """Rounds at a scale twice as fine."""
    return evaluate(descriptor, with_scales(reads, 2, lambda shift: shift - 1))


def without_zero_point(descriptor: Descriptor, reads: Reads) -> Array:
    """Rounds without the zero point of the output."""
    return evaluate(replace(descriptor, zero_point_out=0), reads)


def without_clamp(descriptor: Descriptor, reads: Reads) -> Array:
    """Leaves the clamp out."""
    return evaluate(replace(descriptor, clamp_low=-128, clamp_high=127), reads)


MISTAKES = (without_bias, without_a_tap, with_another_scale, without_zero_point, without_clamp)
KINDS = ("matmul", "convolution", "depthwise")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_wrong_step_is_fraud_where_it_shows(world: World, kind: str, mistake: Mistake) -> None:
    graph = narrow(kind)
    inputs = inputs_of(graph)
    (descriptor,), (spec,) = graph.descriptors, graph.outputs
    honest = execute(graph, inputs)[0]
    lying = mistake(descriptor, operands(graph, 0, inputs, []))
    wrong = np.flatnonzero(lying != honest)
    assert wrong.size > 0
    disputing = Disputing(world, Witness(graph, inputs, [pack(lying).tobytes()], [(0, 1)]))
    disputing.committed()
    right = np.flatnonzero(lying == honest)
    for flat in right[[0, right.size // 2, -1]] if right.size else ():
        element = element_at(spec, Place(*divmod(int(flat), spec.shape[3])))
        challenge = disputing.challenge(0, element).prepare(world)
        world.fails("ElementIsRight", challenge.prove(), signers=[challenge.challenger])
        challenge.withdraw(world)
    chosen = int(wrong[wrong.size // 2])
    element = element_at(spec, Place(*divmod(chosen, spec.shape[3])))
    challenge = disputing.challenge(0, element).prepare(world)
    world.send(challenge.prove(), signers=[challenge.challenger])
    receipt = disputing.receipt
    assert receipt.expected == honest.reshape(-1)[chosen]
    assert receipt.committed == lying.reshape(-1)[chosen]
    assert disputing.account.outcome == Outcome.FRAUD
