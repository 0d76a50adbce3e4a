"""A buyer's steps on a chain: what the client returns is accepted, in the stated order alone."""

from dataclasses import replace

import pytest

from neurolov_client import buying, escrow, job_registry, staking
from neurolov_client.bindings.job_registry import JobState
from tests.idl.jobs import GRAPH
from tests.programs.job_registry.marketplace import OFFER, Marketplace
from tests.world import Actor

PREMIUM = 7


@pytest.fixture
def market() -> Marketplace:
    return Marketplace.fresh()


@pytest.fixture
def buyer(market: Marketplace) -> Actor:
    """A buyer with tokens, whose account is open."""
    return market.buyer()


def terms(market: Marketplace) -> staking.Terms:
    return market.fetch(staking.Terms, market.terms)


def test_a_graph_is_registered_and_an_interrupted_registration_goes_on(
    market: Marketplace, buyer: Actor
) -> None:
    descriptors, root = GRAPH.encoded(), GRAPH.spec_root
    opening, *appending = buying.registration(buyer.key, root, descriptors)
    assert len(appending) > 1
    market.send(opening, signers=[buyer])
    market.send(appending[0], signers=[buyer])
    address = job_registry.graph_address(buyer.key, root)
    begun = market.fetch(job_registry.Graph, address)
    rest = buying.registration(buyer.key, root, descriptors, appended=begun.appended)
    assert [each.data for each in rest] == [each.data for each in appending[1:]]
    for each in rest:
        market.send(each, signers=[buyer])
    assert market.fetch(job_registry.Graph, address).state == job_registry.GraphState.SEALED
    assert buying.registration(buyer.key, root, descriptors, appended=len(descriptors)) == ()


def test_lock_then_post_pays_a_premium_less_what_is_burned(
    market: Marketplace, buyer: Actor
) -> None:
    graph = market.graph(buyer)
    offer = replace(OFFER, urgency=PREMIUM)
    steps = buying.posting(buyer.key, 0, offer, graph=graph, terms=terms(market), mint=market.mint)
    market.send(*steps, signers=[buyer])
    job = job_registry.job_address(buyer.key, 0)
    held = market.fetch(escrow.Escrow, escrow.escrow_address(job))
    assert market.job(job).urgency == held.urgency
    bps = terms(market).parameters.escrow.urgency_burn_bps
    assert held.urgency == PREMIUM - -(-PREMIUM * bps // job_registry.BPS) > 0
    deposit = buying.locked(offer)
    assert (held.price, held.verification, held.tips, deposit.urgency) == (
        deposit.price,
        deposit.verification,
        deposit.tips,
        PREMIUM,
    )


def test_posting_before_locking_is_refused(market: Marketplace, buyer: Actor) -> None:
    graph = market.graph(buyer)
    locking, posting = buying.posting(
        buyer.key, 0, OFFER, graph=graph, terms=terms(market), mint=market.mint
    )
    market.fails("AccountOwnedByWrongProgram", posting, locking, signers=[buyer])
    assert not market.exists(job_registry.job_address(buyer.key, 0))


def test_a_cancelled_job_gives_its_payment_back(market: Marketplace, buyer: Actor) -> None:
    graph, offer = market.graph(buyer), replace(OFFER, urgency=0)
    before = market.tokens(buyer)
    market.send(
        *buying.posting(buyer.key, 0, offer, graph=graph, terms=terms(market), mint=market.mint),
        signers=[buyer],
    )
    job = job_registry.job_address(buyer.key, 0)
    market.send(buying.cancel(buyer.key, job), signers=[buyer])
    assert market.job(job).state == JobState.CANCELLED
    market.send(buying.take_back(buyer.key, job, market.mint))
    fee = terms(market).parameters.escrow.posting_fee
    assert before - market.tokens(buyer) == fee
    assert not market.exists(escrow.vault_address(job))
