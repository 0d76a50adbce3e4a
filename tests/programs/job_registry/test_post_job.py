from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idl.client import escrow, job_registry, shard_of, staking
from idl.client.bindings.job_registry import JobState
from keeper.node.decisions.fixed_point import q32_share
from tests.programs.job_registry.marketplace import (
    PARAMS,
    TERMS,
    Marketplace,
    open_graph,
    post_job,
    url,
)
from tests.world import NLOV, unsigned


def test_records_what_was_agreed(market: Marketplace) -> None:
    buyer = market.buyer()
    address = market.graph(buyer)
    graph = market.fetch(job_registry.Graph, address)
    key, sent = market.post(buyer, address)
    job = market.job(key)
    assert (job.buyer, job.id, job.graph) == (buyer.key, 0, address)
    assert (job.spec_root, job.macs, job.operators) == (
        graph.spec_root,
        graph.macs,
        graph.operators,
    )
    for name in ("input_root", "manifest", "source", "salt_commitment", "trap"):
        assert getattr(job, name) == getattr(TERMS, name)
    for name in ("verifiers", "price", "verification_fee", "tip", "urgency"):
        assert getattr(job, name) == getattr(TERMS, name)
    assert (job.state, job.attempts, job.progress) == (JobState.POSTED, 0, 0)
    assert job.posted_slot == market.slot
    assert job.claim_deadline == market.slot + PARAMS.claim_window_slots
    assert job.score_q32 == score(0, TERMS.urgency, graph.macs)
    assert market.fetch(job_registry.Buyer, job_registry.buyer_address(buyer.key)).next_job_id == 1
    assert market.shard_for(key).posted_macs == graph.macs
    event = sent.only(job_registry.JobPosted)
    assert (event.job, event.buyer, event.id, event.envelope.sequence) == (key, buyer.key, 0, 1)
    assert (event.price, event.score_q32) == (TERMS.price, job.score_q32)


def test_ids_count_up(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    jobs = [market.post(buyer, graph, job_id)[0] for job_id in range(3)]
    assert [market.job(job).id for job in jobs] == [0, 1, 2]


@pytest.mark.parametrize("job_id", [1, 2**64 - 1])
def test_refuses_an_id_out_of_turn(market: Marketplace, job_id: int) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.fails(
        "WrongJobId",
        market.lock(buyer, job_id, TERMS),
        post_job(buyer, graph, job_id, TERMS),
        signers=[buyer],
    )


def test_refuses_an_id_that_was_used(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.post(buyer, graph)
    instruction = post_job(buyer, graph, 0, TERMS)
    market.fails("AccountAlreadyInUse", instruction, signers=[buyer])


@pytest.mark.parametrize("verifiers", [0, 2, 4, 6, 255])
def test_refuses_a_number_of_verifiers(market: Marketplace, verifiers: int) -> None:
    buyer = market.buyer()
    graph, offer = market.graph(buyer), replace(TERMS, verifiers=verifiers)
    market.fails(
        "InvalidVerifierCount",
        market.lock(buyer, 0, offer),
        post_job(buyer, graph, 0, offer),
        signers=[buyer],
    )


@pytest.mark.parametrize("verifiers", [1, 3, 5])
def test_takes_odd_numbers_of_verifiers(market: Marketplace, verifiers: int) -> None:
    job, _ = market.posted(verifiers=verifiers)
    assert market.job(job).verifiers == verifiers


def test_refuses_a_graph_that_is_not_sealed(market: Marketplace) -> None:
    buyer = market.buyer()
    market.send(open_graph(buyer, bytes(32), 2), signers=[buyer])
    graph = job_registry.graph_address(buyer.key, bytes(32))
    market.fails(
        "GraphOpen",
        market.lock(buyer, 0, TERMS),
        post_job(buyer, graph, 0, TERMS),
        signers=[buyer],
    )


@pytest.mark.parametrize("part", ["price", "verification", "tips", "urgency"])
@pytest.mark.parametrize("difference", [-2, 2])
def test_refuses_an_escrow_of_other_terms(market: Marketplace, part: str, difference: int) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    agreed = {
        "price": TERMS.price,
        "verification": TERMS.verification_fee * 9,
        "tips": TERMS.tip * 8,
        "urgency": TERMS.urgency * 2,
    }
    market.fails(
        "EscrowMismatch",
        market.lock(buyer, 0, TERMS, **{part: agreed[part] + difference}),
        post_job(buyer, graph, 0, TERMS),
        signers=[buyer],
    )


def test_refuses_without_an_escrow(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    instruction = post_job(buyer, graph, 0, TERMS)
    market.fails("AccountOwnedByWrongProgram", instruction, signers=[buyer])


def test_refuses_another_jobs_escrow(market: Marketplace) -> None:
    first, _ = market.posted()
    buyer = market.buyer()
    graph = market.graph(buyer)
    instruction = post_job(buyer, graph, 0, TERMS, escrow=escrow.escrow_address(first))
    market.fails("WrongEscrow", instruction, signers=[buyer])


def test_refuses_an_escrow_that_is_final(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.send(market.lock(buyer, 0, TERMS), signers=[buyer])
    address = escrow.escrow_address(job_registry.job_address(buyer.key, 0))
    market.edit(escrow.Escrow, address, state=escrow.EscrowState.FINAL)
    market.fails("EscrowFinal", post_job(buyer, graph, 0, TERMS), signers=[buyer])


def test_refuses_another_jobs_shard(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    shard = (shard_of(job_registry.job_address(buyer.key, 0)) + 1) % 16
    other = job_registry.utilisation_address(shard)
    market.fails(
        "InvalidShard",
        market.lock(buyer, 0, TERMS),
        post_job(buyer, graph, 0, TERMS, utilisation=other),
        signers=[buyer],
    )


def test_refuses_a_source_that_is_no_url(market: Marketplace) -> None:
    buyer = market.buyer()
    graph, offer = market.graph(buyer), replace(TERMS, source=url(""))
    market.fails(
        "InvalidUrl",
        market.lock(buyer, 0, offer),
        post_job(buyer, graph, 0, offer),
        signers=[buyer],
    )


def test_refuses_to_count_somebody_elses_stake(market: Marketplace) -> None:
    buyer, staker = market.buyer(), market.staker()
    graph = market.graph(buyer)
    position = staking.position_address(staker.key)
    market.fails(
        "WrongPosition",
        market.lock(buyer, 0, TERMS),
        post_job(buyer, graph, 0, TERMS, position=position),
        signers=[buyer],
    )


def test_refuses_somebody_elses_count_of_jobs(market: Marketplace) -> None:
    buyer, other = market.buyer(), market.buyer()
    graph = market.graph(buyer)
    market.fails(
        "Unauthorized",
        market.lock(buyer, 0, TERMS),
        post_job(buyer, graph, 0, TERMS, buyer=job_registry.buyer_address(other.key)),
        signers=[buyer],
    )


def test_refuses_without_the_buyers_signature(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.send(market.lock(buyer, 0, TERMS), signers=[buyer])
    instruction = unsigned(post_job(buyer, graph, 0, TERMS), buyer.key)
    market.fails("AccountNotSigner", instruction)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    stake=st.integers(0, 2 * PARAMS.stake_ref),
    urgency=st.integers(0, 2 * PARAMS.urgency_ref),
    reference=st.integers(1, 2**64 - 1),
)
def test_score_follows_the_formula(stake: int, urgency: int, reference: int) -> None:
    market = Marketplace.fresh()
    params = replace(PARAMS, complexity_ref=reference)
    market.send(
        job_registry.set_params(params=params, authority=market.authority.key),
        signers=[market.authority],
    )
    buyer = market.staker(NLOV)
    position = staking.position_address(buyer.key)
    market.edit(staking.Position, position, amount=stake + 5, exposed=5)
    market.mint_to(buyer, 100_000 * NLOV)
    market.send(job_registry.open_buyer(owner=buyer.key), signers=[buyer])
    offer = replace(TERMS, urgency=urgency)
    job, _ = market.post(buyer, market.graph(buyer), offer=offer, position=position)
    read = market.job(job)
    assert read.score_q32 == score(stake, urgency, read.macs, params)
    assert 0 <= read.score_q32 <= 1 << 32


def score(stake: int, urgency: int, macs: int, params: job_registry.Params = PARAMS) -> int:
    """Returns 0.4 stake + 0.3 urgency + 0.3 complexity, each capped at 1, in Q32."""
    return (
        4 * q32_share(stake, params.stake_ref)
        + 3 * q32_share(urgency, params.urgency_ref)
        + 3 * q32_share(macs, params.complexity_ref)
    ) // 10
