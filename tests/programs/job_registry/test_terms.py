"""A job keeps the terms under which it was posted, whatever is queued or applied meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from neurolov_client import escrow, job_registry, staking
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import OFFER, PARAMS, Marketplace, collateral
from tests.world import Actor

CHANGED = {
    "kappa": 50,
    "bond_bps": 2_000,
    "lease_slots": 75,
    "reputation_ref": PARAMS.reputation_ref * 2,
    "min_price": PARAMS.min_price * 2,
    "min_exposure": PARAMS.min_exposure * 2,
}


def awaiting(market: Marketplace) -> Pubkey:
    """Returns queued terms that may be applied now."""
    queued = market.queue_terms(**CHANGED)
    market.reach(market.fetch(staking.Terms, queued).applies_slot)
    return queued


def test_refuses_to_post_under_queued_terms(market: Marketplace) -> None:
    buyer = market.buyer()
    graph, queued = market.graph(buyer), market.queue_terms(**CHANGED)
    posting = steps.post_job(market, buyer, graph, 0, OFFER, terms=queued)
    market.fails("WrongTerms", market.lock(buyer, 0, OFFER), posting, signers=[buyer])


def test_refuses_to_post_under_superseded_terms(market: Marketplace) -> None:
    buyer = market.buyer()
    graph, former = market.graph(buyer), market.terms
    market.apply_terms(awaiting(market))
    posting = steps.post_job(market, buyer, graph, 0, OFFER, terms=former)
    market.fails("WrongTerms", market.lock(buyer, 0, OFFER), posting, signers=[buyer])
    job, _ = market.post(buyer, graph)
    assert market.job(job).terms == 1


def test_refuses_an_escrow_of_superseded_terms(market: Marketplace) -> None:
    """The fee was agreed when the escrow was locked, so a job cannot mix two versions."""
    buyer = market.buyer()
    graph, queued = market.graph(buyer), awaiting(market)
    market.send(market.lock(buyer, 0, OFFER), signers=[buyer])
    market.apply_terms(queued)
    posting = steps.post_job(market, buyer, graph, 0, OFFER)
    market.fails("WrongTerms", posting, signers=[buyer])
    job = job_registry.job_address(buyer.key, 0)
    refund = escrow.refund_unposted(buyer=buyer.key, job=job, destination=buyer.tokens)
    market.send(refund, signers=[buyer])


def test_what_a_claim_exposes_follows_from_the_terms_of_the_posting(market: Marketplace) -> None:
    owner, queued = market.provider(), awaiting(market)
    key, _ = market.posted()
    market.apply_terms(queued)
    market.claim(key, owner)
    lease = market.job(key).lease
    assert (lease.exposure, lease.bond) == collateral(OFFER)
    assert lease.expires_slot == market.slot + PARAMS.lease_slots
    later, _ = market.posted()
    market.claim(later, owner)
    lease = market.job(later).lease
    assert (lease.exposure, lease.bond) == (
        50 * (OFFER.price + OFFER.urgency),
        (OFFER.price + OFFER.urgency) // 5,
    )
    assert lease.expires_slot == market.slot + 75


@pytest.mark.parametrize("applied", [False, True])
def test_a_life_is_the_same_whatever_is_applied_meanwhile(
    market: Marketplace, applied: bool
) -> None:
    owner, queued = market.provider(), awaiting(market)
    key, _ = market.posted()
    if applied:
        market.apply_terms(queued)
    market.claim(key, owner)
    claimed = market.slot
    read = market.job(key)
    market.as_verdict(steps.record_stage(market, key, owner, 1, 1))
    assert market.job(key).lease.expires_slot == min(
        claimed + PARAMS.lease_slots, read.lease.cap_slot
    )
    market.as_verdict(steps.record_stage(market, key, owner, read.operators, read.macs))
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, read.macs))
    earned = min(read.lease.price, PARAMS.reputation_ref)
    provider = market.provider_of(owner)
    assert provider.reputation == 65_536 // 16 * earned // PARAMS.reputation_ref


def later_steps(
    market: Marketplace, key: Pubkey, owner: Actor, cranker: Actor
) -> list[tuple[Callable[..., Instruction], list[Actor], bool]]:
    """Returns each step after the posting: its builder, its signers, and whether verdict calls."""

    def claim(**terms: Any) -> Instruction:
        return steps.claim(market, key, owner, **terms)

    def expire_job(**terms: Any) -> Instruction:
        return steps.expire_job(market, key, cranker, **terms)

    def expire_lease(**terms: Any) -> Instruction:
        return steps.expire_lease(market, key, owner, **terms)

    def record_stage(**terms: Any) -> Instruction:
        return steps.record_stage(market, key, owner, 1, **terms)

    def conclude(**terms: Any) -> Instruction:
        return steps.conclude(market, key, owner, JobState.SETTLED, **terms)

    return [
        (claim, [owner], False),
        (expire_job, [cranker], False),
        (expire_lease, [], False),
        (record_stage, [], True),
        (conclude, [], True),
    ]


def test_every_later_step_refuses_other_terms_than_the_jobs(market: Marketplace) -> None:
    owner, cranker = market.provider(), market.person()
    other, queued = market.provider(), awaiting(market)
    key, _ = market.posted()
    market.claim(key, other)
    market.as_verdict(steps.record_stage(market, key, other, 1))
    refused = [queued]
    market.apply_terms(queued)
    refused += [market.terms, market.queue_terms(kappa=60)]
    for terms in refused:
        for build, signers, called in later_steps(market, key, other, cranker):
            instruction = build(terms=terms)
            if called:
                market.as_verdict_fails("WrongTerms", instruction)
            else:
                market.fails("WrongTerms", instruction, signers=signers)
    assert market.position_of(owner).exposed == 0
    read = market.job(key)
    market.as_verdict(steps.record_stage(market, key, other, read.operators, read.macs))
    market.as_verdict(steps.conclude(market, key, other, JobState.SETTLED, read.macs))
    assert market.job(key).state == JobState.SETTLED


def test_terms_that_were_never_applied_govern_nothing(market: Marketplace) -> None:
    """A cancelled version is closed, and its number is used again by other terms."""
    owner = market.provider()
    key, _ = market.posted()
    queued = market.queue_terms(**CHANGED)
    cancelling = staking.cancel_terms(
        signer=market.authority.key, authority=market.authority.key, terms=queued
    )
    market.send(cancelling, signers=[market.authority])
    market.warp(PARAMS.claim_max_delay_slots + 1)
    claim = steps.claim(market, key, owner, terms=queued)
    market.fails("AccountOwnedByWrongProgram", claim, signers=[owner])
    market.send(steps.claim(market, key, owner), signers=[owner])
