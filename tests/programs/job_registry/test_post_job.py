from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.node.decisions.fixed_point import q32_share
from neurolov_client import escrow, job_registry, staking
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import BALLOT_RENT, OFFER, PARAMS, Marketplace, url
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
        assert getattr(job, name) == getattr(OFFER, name)
    for name in ("verifiers", "price", "verification_fee", "tip", "urgency"):
        assert getattr(job, name) == getattr(OFFER, name)
    assert (job.state, job.attempts, job.progress) == (JobState.POSTED, 0, 0)
    assert job.posted_slot == market.slot
    assert job.claim_deadline == market.slot + PARAMS.claim_window_slots
    assert job.score_q32 == score(0, OFFER.urgency, graph.macs)
    assert market.fetch(job_registry.Buyer, job_registry.buyer_address(buyer.key)).next_job_id == 1
    assert job.terms == market.fetch(staking.Pool, staking.pool_address()).terms
    event = sent.only(job_registry.JobPosted)
    assert (event.job, event.buyer, event.id, event.envelope.sequence) == (key, buyer.key, 0, 1)
    assert (event.price, event.score_q32) == (OFFER.price, job.score_q32)
    assert event.terms == job.terms


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
        market.lock(buyer, job_id, OFFER),
        steps.post_job(market, buyer, graph, job_id, OFFER),
        signers=[buyer],
    )


def test_refuses_an_id_that_was_used(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.post(buyer, graph)
    instruction = steps.post_job(market, buyer, graph, 0, OFFER)
    market.fails("AccountAlreadyInUse", instruction, signers=[buyer])


@pytest.mark.parametrize("verifiers", [0, 2, 4, 6, 255])
def test_refuses_a_number_of_verifiers(market: Marketplace, verifiers: int) -> None:
    buyer = market.buyer()
    graph, offer = market.graph(buyer), replace(OFFER, verifiers=verifiers)
    market.fails(
        "InvalidVerifierCount",
        market.lock(buyer, 0, offer),
        steps.post_job(market, buyer, graph, 0, offer),
        signers=[buyer],
    )


@pytest.mark.parametrize("verifiers", [1, 3, 5])
def test_takes_odd_numbers_of_verifiers(market: Marketplace, verifiers: int) -> None:
    job, _ = market.posted(verifiers=verifiers)
    assert market.job(job).verifiers == verifiers


def test_refuses_a_graph_that_is_not_sealed(market: Marketplace) -> None:
    buyer = market.buyer()
    market.send(steps.open_graph(buyer, bytes(32), 2), signers=[buyer])
    graph = job_registry.graph_address(buyer.key, bytes(32))
    market.fails(
        "GraphOpen",
        market.lock(buyer, 0, OFFER),
        steps.post_job(market, buyer, graph, 0, OFFER),
        signers=[buyer],
    )


@pytest.mark.parametrize("part", ["price", "verification", "tips", "urgency"])
@pytest.mark.parametrize("difference", [-2, 2])
def test_refuses_an_escrow_of_another_offer(
    market: Marketplace, part: str, difference: int
) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    agreed = {
        "price": OFFER.price,
        "verification": OFFER.verification_fee * 9,
        "tips": OFFER.tip * 8,
        "urgency": OFFER.urgency * 2,
    }
    market.fails(
        "EscrowMismatch",
        market.lock(buyer, 0, OFFER, **{part: agreed[part] + difference}),
        steps.post_job(market, buyer, graph, 0, OFFER),
        signers=[buyer],
    )


def test_refuses_without_an_escrow(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    instruction = steps.post_job(market, buyer, graph, 0, OFFER)
    market.fails("AccountOwnedByWrongProgram", instruction, signers=[buyer])


def test_refuses_another_jobs_escrow(market: Marketplace) -> None:
    first, _ = market.posted()
    buyer = market.buyer()
    graph = market.graph(buyer)
    instruction = steps.post_job(
        market, buyer, graph, 0, OFFER, escrow=escrow.escrow_address(first)
    )
    market.fails("WrongEscrow", instruction, signers=[buyer])


def test_refuses_an_escrow_that_is_final(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.send(market.lock(buyer, 0, OFFER), signers=[buyer])
    address = escrow.escrow_address(job_registry.job_address(buyer.key, 0))
    market.edit(escrow.Escrow, address, state=escrow.EscrowState.FINAL)
    market.fails("EscrowFinal", steps.post_job(market, buyer, graph, 0, OFFER), signers=[buyer])


def test_refuses_a_source_that_is_no_url(market: Marketplace) -> None:
    buyer = market.buyer()
    graph, offer = market.graph(buyer), replace(OFFER, source=url(""))
    market.fails(
        "InvalidUrl",
        market.lock(buyer, 0, offer),
        steps.post_job(market, buyer, graph, 0, offer),
        signers=[buyer],
    )


def test_refuses_to_count_somebody_elses_stake(market: Marketplace) -> None:
    buyer, staker = market.buyer(), market.staker()
    graph = market.graph(buyer)
    position = staking.position_address(staker.key)
    market.fails(
        "WrongPosition",
        market.lock(buyer, 0, OFFER),
        steps.post_job(market, buyer, graph, 0, OFFER, position=position),
        signers=[buyer],
    )


def test_refuses_somebody_elses_count_of_jobs(market: Marketplace) -> None:
    buyer, other = market.buyer(), market.buyer()
    graph = market.graph(buyer)
    market.fails(
        "Unauthorized",
        market.lock(buyer, 0, OFFER),
        steps.post_job(market, buyer, graph, 0, OFFER, buyer=job_registry.buyer_address(other.key)),
        signers=[buyer],
    )


def test_refuses_without_the_buyers_signature(market: Marketplace) -> None:
    buyer = market.buyer()
    graph = market.graph(buyer)
    market.send(market.lock(buyer, 0, OFFER), signers=[buyer])
    instruction = unsigned(steps.post_job(market, buyer, graph, 0, OFFER), buyer.key)
    market.fails("AccountNotSigner", instruction)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(
    stake=st.integers(0, 2 * PARAMS.stake_ref),
    urgency=st.integers(0, 2 * PARAMS.urgency_ref),
    reference=st.integers(1, 2**64 - 1),
)
def test_score_follows_the_formula(stake: int, urgency: int, reference: int) -> None:
    market = Marketplace.fresh()
    market.amend(complexity_ref=reference)
    buyer = market.staker(NLOV)
    position = staking.position_address(buyer.key)
    market.edit(staking.Position, position, amount=stake)
    market.stand()
    market.mint_to(buyer, 100_000 * NLOV)
    market.send(job_registry.open_buyer(owner=buyer.key), signers=[buyer])
    offer = replace(OFFER, urgency=urgency)
    job, _ = market.post(buyer, market.graph(buyer), offer=offer, position=position)
    read = market.job(job)
    assert read.score_q32 == score(stake, urgency, read.macs, market.parameters.job_registry)
    assert 0 <= read.score_q32 <= 1 << 32


def test_stake_that_has_just_arrived_does_not_count_in_the_score(market: Marketplace) -> None:
    buyer = market.staker(PARAMS.stake_ref)
    market.mint_to(buyer, 1_000 * NLOV)
    market.send(job_registry.open_buyer(owner=buyer.key), signers=[buyer])
    graph, position = market.graph(buyer), staking.position_address(buyer.key)
    fresh, _ = market.post(buyer, graph, 0, position=position)
    market.stand()
    stood, _ = market.post(buyer, graph, 1, position=position)
    for job, stake in ((fresh, 0), (stood, PARAMS.stake_ref)):
        read = market.job(job)
        assert read.score_q32 == score(stake, OFFER.urgency, read.macs)


FLOORS = {
    "price": (PARAMS.min_price, "PriceTooLow"),
    "tip": (PARAMS.min_tip, "TipTooLow"),
    "verification_fee": (BALLOT_RENT, "VerificationFeeTooLow"),
}


@pytest.mark.parametrize("part", FLOORS)
def test_refuses_to_pay_less_than_the_floors(market: Marketplace, part: str) -> None:
    least, error = FLOORS[part]
    buyer = market.buyer()
    graph = market.graph(buyer)
    # Escrow refuses a price of zero by itself.
    for below in (least - 1, 1 if part == "price" else 0):
        low: dict[str, Any] = {part: below}
        offer = replace(OFFER, **low)
        market.fails(
            error,
            market.lock(buyer, 0, offer),
            steps.post_job(market, buyer, graph, 0, offer),
            signers=[buyer],
        )
    exact: dict[str, Any] = {part: least}
    job, _ = market.post(buyer, graph, 0, replace(OFFER, **exact))
    assert getattr(market.job(job), part) == least


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(exposure=st.integers(1, 10**15), rent_bps=st.integers(0, 10_000))
def test_a_ballots_fee_is_at_least_the_rent_of_its_collateral(exposure: int, rent_bps: int) -> None:
    market = Marketplace.fresh()
    market.amend("verdict", ballot_exposure=exposure, ballot_rent_bps=rent_bps)
    least = -(-exposure * rent_bps // 10_000)
    buyer = market.buyer(10**17)
    graph = market.graph(buyer)
    if least:
        offer = replace(OFFER, verification_fee=least - 1)
        posting = steps.post_job(market, buyer, graph, 0, offer)
        locking = market.lock(buyer, 0, offer)
        market.fails("VerificationFeeTooLow", locking, posting, signers=[buyer])
    market.post(buyer, graph, 0, replace(OFFER, verification_fee=least))


def score(stake: int, urgency: int, macs: int, params: staking.RegistryParams = PARAMS) -> int:
    """Returns 0.4 stake + 0.3 urgency + 0.3 complexity, each capped at 1, in Q32."""
    return (
        4 * q32_share(stake, params.stake_ref)
        + 3 * q32_share(urgency, params.urgency_ref)
        + 3 * q32_share(macs, params.complexity_ref)
    ) // 10
