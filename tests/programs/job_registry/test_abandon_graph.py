from solders.pubkey import Pubkey

from neurolov_client import job_registry
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace
from tests.world import Actor, unsigned


def half_done(market: Marketplace) -> tuple[Actor, Pubkey]:
    author = market.person()
    descriptors, root = steps.recorded_graph(1)
    market.send(steps.open_graph(author, root, len(descriptors)), signers=[author])
    graph = job_registry.graph_address(author.key, root)
    market.send(steps.append(author, graph, descriptors[0]), signers=[author])
    return author, graph


def test_returns_the_rent(market: Marketplace) -> None:
    author, graph = half_done(market)
    before, rent = market.lamports(author.key), market.lamports(graph)
    sent = market.send(job_registry.abandon_graph(author=author.key, graph=graph), signers=[author])
    assert not market.exists(graph)
    assert market.lamports(author.key) == before + rent
    event = sent.only(job_registry.GraphAbandoned)
    assert (event.graph, event.envelope.sequence) == (graph, 3)
    assert sent.units <= 10_000


def test_an_abandoned_graph_can_start_anew(market: Marketplace) -> None:
    author, graph = half_done(market)
    market.send(job_registry.abandon_graph(author=author.key, graph=graph), signers=[author])
    assert market.graph(author) == graph


def test_refuses_a_sealed_graph(market: Marketplace) -> None:
    author = market.person()
    graph = market.graph(author)
    instruction = job_registry.abandon_graph(author=author.key, graph=graph)
    market.fails("GraphSealed", instruction, signers=[author])


def test_refuses_anybody_but_the_author(market: Marketplace) -> None:
    _, graph = half_done(market)
    other = market.person()
    instruction = job_registry.abandon_graph(author=other.key, graph=graph)
    market.fails("Unauthorized", instruction, signers=[other])


def test_refuses_without_the_authors_signature(market: Marketplace) -> None:
    author, graph = half_done(market)
    instruction = job_registry.abandon_graph(author=author.key, graph=graph)
    market.fails("AccountNotSigner", unsigned(instruction, author.key))
