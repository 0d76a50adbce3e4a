import pytest

from neurolov_client import job_registry
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace
from tests.world import unsigned

ROOT = bytes(range(32))


@pytest.mark.parametrize("operators", [1, 256])
def test_makes_room(market: Marketplace, operators: int) -> None:
    author = market.person()
    sent = market.send(steps.open_graph(author, ROOT, operators), signers=[author])
    graph = market.fetch(job_registry.Graph, job_registry.graph_address(author.key, ROOT))
    assert (graph.author, bytes(graph.spec_root), graph.operators) == (
        author.key,
        ROOT,
        operators,
    )
    assert (graph.appended, graph.state, graph.macs, graph.inputs) == (0, 0, 0, 0)
    event = sent.only(job_registry.GraphOpened)
    assert (event.author, event.operators, event.envelope.sequence) == (author.key, operators, 1)
    assert sent.units <= 40_000


@pytest.mark.parametrize("operators", [0, 257, 65_535])
def test_refuses_a_number_of_operators(market: Marketplace, operators: int) -> None:
    author = market.person()
    market.fails("OperatorLimit", steps.open_graph(author, ROOT, operators), signers=[author])


def test_refuses_a_second_time(market: Marketplace) -> None:
    author = market.person()
    market.send(steps.open_graph(author, ROOT, 3), signers=[author])
    market.fails("AccountAlreadyInUse", steps.open_graph(author, ROOT, 3), signers=[author])


def test_every_author_has_its_own(market: Marketplace) -> None:
    first, second = market.person(), market.person()
    market.send(steps.open_graph(first, ROOT, 3), signers=[first])
    market.send(steps.open_graph(second, ROOT, 3), signers=[second])


def test_refuses_without_the_authors_signature(market: Marketplace) -> None:
    author = market.person()
    market.fails("AccountNotSigner", unsigned(steps.open_graph(author, ROOT, 3), author.key))


def test_refuses_the_address_of_another_graph(market: Marketplace) -> None:
    author = market.person()
    instruction = job_registry.open_graph(
        spec_root=ROOT,
        operators=3,
        author=author.key,
        graph=job_registry.graph_address(author.key, bytes(32)),
    )
    market.fails("ConstraintSeeds", instruction, signers=[author])
