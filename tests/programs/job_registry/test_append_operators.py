from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from solders.pubkey import Pubkey

from kernels.graph import Descriptor, InputKind
from kernels.trace import spec_root
from neurolov_client import job_registry
from neurolov_client.bindings.job_registry import GraphState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace
from tests.world import Actor, unsigned

LIMIT = 10_000
GRAPHS = range(len(steps.RECORDED["graphs"]))
RELU = next(
    bytes.fromhex(each["hex"]) for each in steps.RECORDED["valid"] if "relu" in each["name"]
)


def opened(
    market: Marketplace, root: bytes, operators: int, author: Actor | None = None
) -> tuple[Actor, Pubkey]:
    author = author or market.person()
    market.send(steps.open_graph(author, root, operators), signers=[author])
    return author, job_registry.graph_address(author.key, root)


@pytest.mark.parametrize("recorded", GRAPHS)
def test_seals_a_recorded_graph(market: Marketplace, recorded: int) -> None:
    vector = steps.RECORDED["graphs"][recorded]
    descriptors, root = steps.recorded_graph(recorded)
    author, address = opened(market, root, len(descriptors))
    for instruction in steps.appends(author, address, descriptors):
        sent = market.send(instruction, signers=[author])
        assert sent.units <= LIMIT
    graph = market.fetch(job_registry.Graph, address)
    read = [Descriptor.decode(each) for each in descriptors]
    assert (graph.state, graph.appended, graph.operators) == (1, len(read), len(read))
    assert graph.macs == vector["multiply_adds"]
    assert list(graph.cumulative_macs)[: len(read)] == list(
        accumulate(each.multiply_adds for each in read)
    )
    assert [tuple(shape) for shape in graph.shapes][: len(read)] == [
        each.output_shape for each in read
    ]
    assert list(graph.dtypes)[: len(read)] == [int(each.dtype_out) for each in read]
    assert graph.inputs == len(vector["inputs"])
    for number, declared in enumerate(vector["inputs"]):
        assert list(graph.input_shapes[number]) == declared["shape"]
        assert graph.input_dtypes[number] == declared["dtype"]
    event = sent.only(job_registry.OperatorsAppended)
    assert (event.sealed, event.appended, event.macs) == (True, len(read), graph.macs)


@pytest.mark.parametrize(
    "vector", steps.RECORDED["invalid"], ids=[each["name"] for each in steps.RECORDED["invalid"]]
)
def test_refuses_a_recorded_violation_by_name(market: Marketplace, vector: dict[str, Any]) -> None:
    author, address = opened(market, bytes(32), 1)
    instruction = steps.append(author, address, bytes.fromhex(vector["hex"]))
    market.fails(vector["reason"], instruction, signers=[author])


@pytest.mark.parametrize(
    "vector",
    [each for each in steps.RECORDED["invalid_graphs"] if each["descriptors"]],
    ids=lambda each: each["name"],
)
def test_refuses_operators_that_do_not_fit_together(
    market: Marketplace, vector: dict[str, Any]
) -> None:
    descriptors = [bytes.fromhex(each) for each in vector["descriptors"]]
    author, address = opened(market, spec_root(descriptors), len(descriptors))
    *before, last = steps.appends(author, address, descriptors)
    for instruction in before:
        market.send(instruction, signers=[author])
    market.fails(vector["reason"], last, signers=[author])


@pytest.mark.parametrize("operators", [255, 256])
def test_the_largest_graphs_stay_within_the_limit(market: Marketplace, operators: int) -> None:
    relu = Descriptor.decode(RELU)
    chain = [relu] + [
        replace(relu, inputs=(replace(relu.inputs[0], kind=InputKind.OPERATOR_OUTPUT, index=at),))
        for at in range(operators - 1)
    ]
    chain[0] = replace(relu, inputs=(replace(relu.inputs[0], kind=InputKind.JOB_INPUT, index=0),))
    descriptors = [each.encode() for each in chain]
    author, address = opened(market, spec_root(descriptors), operators)
    worst = max(
        market.send(instruction, signers=[author]).units
        for instruction in steps.appends(author, address, descriptors)
    )
    assert worst <= LIMIT
    assert market.fetch(job_registry.Graph, address).state == GraphState.SEALED


def test_refuses_another_root(market: Marketplace) -> None:
    descriptors, _ = steps.recorded_graph(1)
    author, address = opened(market, bytes(32), len(descriptors))
    instruction = steps.append(author, address, *descriptors)
    market.fails("SpecRootMismatch", instruction, signers=[author])


def test_refuses_more_than_was_opened(market: Marketplace) -> None:
    descriptors, root = steps.recorded_graph(1)
    author, address = opened(market, root, 2)
    market.fails("BadLength", steps.append(author, address, *descriptors), signers=[author])


@pytest.mark.parametrize("length", [0, 1, 255, 257, 511])
def test_refuses_parts_of_a_descriptor(market: Marketplace, length: int) -> None:
    author, address = opened(market, bytes(32), 2)
    data = (RELU * 2)[:length]
    market.fails("BadLength", steps.append(author, address, data), signers=[author])


def test_refuses_what_comes_after_the_seal(market: Marketplace) -> None:
    author = market.person()
    graph = market.graph(author)
    market.fails("GraphSealed", steps.append(author, graph, RELU), signers=[author])


def test_refuses_anybody_but_the_author(market: Marketplace) -> None:
    _, address = opened(market, bytes(32), 2)
    other = market.person()
    market.fails("Unauthorized", steps.append(other, address, RELU), signers=[other])


def test_refuses_without_the_authors_signature(market: Marketplace) -> None:
    author, address = opened(market, bytes(32), 2)
    market.fails("AccountNotSigner", unsigned(steps.append(author, address, RELU), author.key))
