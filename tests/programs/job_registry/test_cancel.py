from typing import Any

import pytest

from neurolov_client import SYSTEM_PROGRAM, escrow, job_registry
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace
from tests.world import unsigned


def test_the_buyer_gets_everything_back(market: Marketplace) -> None:
    key, buyer = market.posted()
    locked = market.tokens(escrow.vault_address(key))
    sent = market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    job, held = market.job(key), market.escrow_of(key)
    assert (job.state, job.concluded_slot) == (JobState.CANCELLED, market.slot)
    assert (held.state, held.credited, held.fee_due) == (1, 0, 0)
    event = sent.only(job_registry.JobEnded)
    assert (event.job, event.state, event.envelope.sequence) == (key, JobState.CANCELLED, 2)
    assert sent.units <= 40_000
    before = market.tokens(buyer)
    market.send(
        escrow.reclaim(
            buyer=buyer.key,
            escrow=escrow.escrow_address(key),
            vault=escrow.vault_address(key),
            destination=buyer.tokens,
        )
    )
    assert market.tokens(buyer) == before + locked
    market.check_conserved()


def test_the_buyer_may_after_a_lease_expired(market: Marketplace) -> None:
    key, buyer, owner = market.leased()
    market.expire_lease(key, owner)
    market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    assert market.job(key).state == JobState.CANCELLED


def test_refuses_while_a_provider_works(market: Marketplace) -> None:
    key, buyer, _ = market.leased()
    market.fails("JobNotPosted", job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])


def test_refuses_when_stages_are_committed(market: Marketplace) -> None:
    key, buyer, owner = market.leased()
    market.as_verdict(steps.record_stage(market, key, owner, 1))
    market.expire_lease(key, owner)
    market.fails("JobHasProgress", job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])


def test_attack_15_cancels_once(market: Marketplace) -> None:
    key, buyer = market.posted()
    cancel = job_registry.cancel(buyer=buyer.key, job=key)
    market.send(cancel, signers=[buyer])
    market.fails("JobNotPosted", cancel, signers=[buyer])
    market.warp(400)
    expire = steps.expire_job(market, key, buyer)
    market.fails("JobNotPosted", expire, signers=[buyer])


def test_refuses_anybody_but_the_buyer(market: Marketplace) -> None:
    key, _ = market.posted()
    other = market.person()
    market.fails("Unauthorized", job_registry.cancel(buyer=other.key, job=key), signers=[other])


def test_refuses_without_the_buyers_signature(market: Marketplace) -> None:
    key, buyer = market.posted()
    instruction = unsigned(job_registry.cancel(buyer=buyer.key, job=key), buyer.key)
    market.fails("AccountNotSigner", instruction)


def test_refuses_another_jobs_escrow(market: Marketplace) -> None:
    key, buyer = market.posted()
    other, _ = market.posted()
    instruction = job_registry.cancel(buyer=buyer.key, job=key, escrow=escrow.escrow_address(other))
    market.fails("WrongEscrow", instruction, signers=[buyer])


@pytest.mark.parametrize(
    ("name", "error"),
    [("escrow_program", "InvalidProgramId"), ("authority", "ConstraintAddress")],
)
def test_refuses_fakes(market: Marketplace, name: str, error: str) -> None:
    key, buyer = market.posted()
    fake: dict[str, Any] = {name: SYSTEM_PROGRAM}
    instruction = job_registry.cancel(buyer=buyer.key, job=key, **fake)
    market.fails(error, instruction, signers=[buyer])
