"""Every operator on chain: the honest provider stands, the liar falls at the first challenge."""

from dataclasses import replace
from functools import cache

import pytest

from kernels.evidence import Witness
from kernels.graph import Graph, Opcode
from tests.kernels.evidence.committed import positions
from tests.kernels.graphs import every_operator
from tests.programs.verdict.disputing import Disputing, trace_of
from tests.world import World
from tests.world.challenge import TICKET_AGE
from tests.world.judgement import Outcome, State
from tests.world.marketplace import exposure

STAGES = ((0, 3), (3, 4), (4, 12))


@cache
def graph() -> Graph:
    """Every opcode and every optional field."""
    return every_operator()


@cache
def honest() -> Witness:
    """Its truthful trace in three stages."""
    return trace_of(graph(), None, *STAGES).witness


PLACES = [
    pytest.param(operator, element, id=f"{operator}-{descriptor.opcode.name.lower()}-{kind}")
    for operator, (descriptor, spec) in enumerate(
        zip(graph().descriptors, graph().outputs, strict=True)
    )
    for kind, element in positions(spec).items()
]


def test_the_graph_has_every_operator() -> None:
    assert {descriptor.opcode for descriptor in graph().descriptors} == set(Opcode)


def test_an_honest_provider_survives_any_challenge(world: World) -> None:
    disputing = Disputing(world, honest())
    disputing.committed()
    before = world.snapshot()
    for place in PLACES:
        operator, element = place.values
        assert isinstance(operator, int)
        assert isinstance(element, int)
        challenge = disputing.challenge(operator, element).prepare(world)
        world.fails("ElementIsRight", challenge.prove(), signers=[challenge.challenger])
        challenge.withdraw(world)
    assert not world.changed(before)
    assert disputing.account.state == State.COMMITTED


@pytest.mark.parametrize(("operator", "element"), PLACES)
def test_a_liar_is_slashed_at_the_first_challenge(
    world: World, operator: int, element: int
) -> None:
    trace = trace_of(graph(), {operator: {element}}, *STAGES)
    disputing = Disputing(world, trace.witness)
    disputing.committed()
    challenge = disputing.challenge(operator, element).prepare(world)
    world.send(challenge.prove(), signers=[challenge.challenger])
    receipt = disputing.receipt
    assert receipt.expected == trace.expected(operator, element)
    assert receipt.committed == trace.committed(operator, element)
    first, last = STAGES[receipt.stage]
    assert first <= operator < last
    assert disputing.account.outcome == Outcome.FRAUD
    world.send(disputing.slash())
    assert exposure(world, disputing.job, disputing.provider).amount == 0
    world.send(disputing.void(), signers=[disputing.cranker])
    world.check_conserved()


def test_going_on_from_a_lie_is_no_lie(world: World) -> None:
    """Later operators read what was committed: only the first is wrong."""
    element = positions(graph().outputs[0])["middle"]
    disputing = Disputing(world, trace_of(graph(), {0: {element}}, *STAGES).witness)
    disputing.committed()
    for operator in (1, 2, 4):
        middle = positions(graph().outputs[operator])["middle"]
        challenge = disputing.challenge(operator, middle).prepare(world)
        world.fails("ElementIsRight", challenge.prove(), signers=[challenge.challenger])
        challenge.withdraw(world)
    challenge = disputing.challenge(0, element).prepare(world, ticket=False)
    world.send(challenge.place(), signers=[challenge.challenger])
    world.warp(TICKET_AGE)
    world.send(challenge.prove(), signers=[challenge.challenger])


def test_a_leaf_is_no_evidence_for_another_place(world: World) -> None:
    disputing = Disputing(world, trace_of(graph(), {4: {0}}, *STAGES).witness)
    disputing.committed()
    lie = disputing.challenge(4, 0)
    moved = replace(lie, element=256).prepare(world)
    world.fails("WrongOutput", moved.prove(), signers=[moved.challenger])
