from typing import Any

import pytest

from neurolov_client import escrow, job_registry
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import OFFER, PARAMS, Marketplace
from tests.world import unsigned


def test_refunds_all_but_the_crankers_tip(market: Marketplace) -> None:
    key, buyer = market.posted()
    cranker = market.person()
    market.warp_to(market.job(key).claim_deadline + 1)
    sent = market.send(steps.expire_job(market, key, cranker), signers=[cranker])
    job, held = market.job(key), market.escrow_of(key)
    assert (job.state, job.concluded_slot) == (JobState.EXPIRED, market.slot)
    assert (held.state, held.credit_count, held.credited) == (1, 1, OFFER.tip)
    assert held.credits[0].party == cranker.key
    assert sent.only(job_registry.JobEnded).state == JobState.EXPIRED
    assert sent.units <= 40_000
    paid, back = market.tokens(cranker), market.tokens(buyer)
    locked = market.tokens(escrow.vault_address(key))
    places: dict[str, Any] = {
        "escrow": escrow.escrow_address(key),
        "vault": escrow.vault_address(key),
    }
    market.send(escrow.withdraw(index=0, destination=cranker.tokens, **places))
    market.send(escrow.reclaim(buyer=buyer.key, destination=buyer.tokens, **places))
    assert market.tokens(cranker) == paid + OFFER.tip
    assert market.tokens(buyer) == back + locked - OFFER.tip
    market.check_conserved()


def test_stages_go_to_the_verdict(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.as_verdict(steps.record_stage(market, key, owner, 2))
    market.expire_lease(key, owner)
    cranker = market.person()
    market.warp_to(market.job(key).claim_deadline + 1)
    sent = market.send(steps.expire_job(market, key, cranker), signers=[cranker])
    job, held = market.job(key), market.escrow_of(key)
    assert (job.state, job.committed_slot, job.progress) == (JobState.COMMITTED, market.slot, 2)
    assert (held.state, held.credit_count) == (0, 0)
    assert sent.only(job_registry.JobEnded).state == JobState.COMMITTED


def test_needs_no_wait_when_attempts_are_used_up(market: Marketplace) -> None:
    owners = [market.provider() for _ in range(PARAMS.max_attempts)]
    key, _ = market.posted()
    cranker = market.person()
    expire = steps.expire_job(market, key, cranker)
    for owner in owners:
        market.fails("ClaimWindowOpen", expire, signers=[cranker])
        market.claim(key, owner)
        market.fails("JobNotPosted", expire, signers=[cranker])
        market.expire_lease(key, owner)
    market.send(expire, signers=[cranker])
    assert market.job(key).state == JobState.EXPIRED


@pytest.mark.parametrize(
    ("after", "error"), [(-1, "ClaimWindowOpen"), (0, "ClaimWindowOpen"), (1, None)]
)
def test_attack_21_the_claim_window_includes_its_last_slot(
    market: Marketplace, after: int, error: str | None
) -> None:
    key, _ = market.posted()
    cranker = market.person()
    market.warp_to(market.job(key).claim_deadline + after)
    expire = steps.expire_job(market, key, cranker)
    if error:
        market.fails(error, expire, signers=[cranker])
    else:
        market.send(expire, signers=[cranker])


def test_attack_15_expires_once(market: Marketplace) -> None:
    key, buyer = market.posted()
    market.warp_to(market.job(key).claim_deadline + 1)
    cranker = market.person()
    expire = steps.expire_job(market, key, cranker)
    market.send(expire, signers=[cranker])
    market.fails("JobNotPosted", expire, signers=[cranker])
    cancel = job_registry.cancel(buyer=buyer.key, job=key)
    market.fails("JobNotPosted", cancel, signers=[buyer])


def test_refuses_another_jobs_escrow(market: Marketplace) -> None:
    key, _ = market.posted()
    other, _ = market.posted()
    market.warp(400)
    cranker = market.person()
    expire = steps.expire_job(market, key, cranker, escrow=escrow.escrow_address(other))
    market.fails("WrongEscrow", expire, signers=[cranker])


def test_refuses_a_cranker_that_does_not_sign(market: Marketplace) -> None:
    key, _ = market.posted()
    market.warp(400)
    cranker = market.person()
    expire = steps.expire_job(market, key, cranker)
    market.fails("AccountNotSigner", unsigned(expire, cranker.key))
