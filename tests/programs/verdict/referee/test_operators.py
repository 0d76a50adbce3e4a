"""For each operator on chain, an honest provider withstands challenges and a liar falls."""

from dataclasses import replace
from functools import cache

import pytest

from keeper.lab.market.jobs import exposure
from kernels.evidence import Witness
from kernels.graph import Opcode
from neurolov_client.bindings.verdict import TICKET_AGE, Outcome, State
from tests.kernels.evidence.committed import positions
from tests.kernels.evidence.record import graphs
from tests.programs.verdict.disputing import Disputing, trace_of
from tests.world import World

GRAPHS = {name: graphs()[name] for name in ("every operator", "attention", "narrowed")}
"""Graphs, with the stages in which they are committed."""


@cache
def honest(name: str) -> Witness:
    """Returns the operator's truthful trace."""
    graph, stages = GRAPHS[name]
    return trace_of(graph, None, *stages).witness


PLACES = {
    f"{name}-{operator}-{descriptor.opcode.name.lower()}-{kind}": (name, operator, element)
    for name, (graph, _) in GRAPHS.items()
    for operator, (descriptor, spec) in enumerate(
        zip(graph.descriptors, graph.outputs, strict=True)
    )
    for kind, element in positions(spec).items()
}
"""The first, middle and last element of each operator, and every kind of padding."""


def test_the_graphs_have_every_operator() -> None:
    assert {each.opcode for graph, _ in GRAPHS.values() for each in graph.descriptors} == set(
        Opcode
    )


@pytest.mark.parametrize("name", GRAPHS)
def test_an_honest_provider_survives_any_challenge(world: World, name: str) -> None:
    disputing = Disputing(world, honest(name))
    disputing.committed()
    before = world.snapshot()
    for graph, operator, element in PLACES.values():
        if graph != name:
            continue
        challenge = disputing.challenge(operator, element).prepare(world)
        world.fails("ElementIsRight", challenge.prove(), signers=[challenge.challenger])
        challenge.withdraw(world)
    assert not world.changed(before)
    assert disputing.account.state == State.COMMITTED


@pytest.mark.parametrize(("name", "operator", "element"), PLACES.values(), ids=PLACES)
def test_a_liar_is_slashed_at_the_first_challenge(
    world: World, name: str, operator: int, element: int
) -> None:
    graph, stages = GRAPHS[name]
    trace = trace_of(graph, {operator: {element}}, *stages)
    disputing = Disputing(world, trace.witness)
    disputing.committed()
    challenge = disputing.challenge(operator, element).prepare(world)
    world.send(challenge.prove(), signers=[challenge.challenger])
    receipt = disputing.receipt
    assert receipt.expected == trace.expected(operator, element)
    assert receipt.committed == trace.committed(operator, element)
    first, last = stages[receipt.stage]
    assert first <= operator < last
    assert disputing.account.outcome == Outcome.FRAUD
    world.send(disputing.slash())
    assert exposure(world, disputing.job, disputing.provider).amount == 0
    world.send(disputing.void(), signers=[disputing.cranker])
    world.check_conserved()


def test_going_on_from_a_lie_is_no_lie(world: World) -> None:
    """Later operators read what was committed, so only the first wrong element is a lie."""
    graph, stages = GRAPHS["every operator"]
    element = positions(graph.outputs[0])["middle"]
    disputing = Disputing(world, trace_of(graph, {0: {element}}, *stages).witness)
    disputing.committed()
    for operator in (1, 2, 4):
        middle = positions(graph.outputs[operator])["middle"]
        challenge = disputing.challenge(operator, middle).prepare(world)
        world.fails("ElementIsRight", challenge.prove(), signers=[challenge.challenger])
        challenge.withdraw(world)
    challenge = disputing.challenge(0, element).prepare(world, ticket=False)
    world.send(challenge.place(), signers=[challenge.challenger])
    world.warp(TICKET_AGE)
    world.send(challenge.prove(), signers=[challenge.challenger])


def test_a_leaf_is_no_evidence_for_another_place(world: World) -> None:
    graph, stages = GRAPHS["every operator"]
    disputing = Disputing(world, trace_of(graph, {4: {0}}, *stages).witness)
    disputing.committed()
    lie = disputing.challenge(4, 0)
    moved = replace(lie, element=256).prepare(world)
    world.fails("WrongOutput", moved.prove(), signers=[moved.challenger])
