from typing import Any

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey

from neurolov_client import escrow, job_registry, verdict
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace
from tests.world import Actor, unsigned


def empty_escrow(key: Pubkey, buyer: Actor) -> Instruction:
    return escrow.reclaim(
        buyer=buyer.key,
        escrow=escrow.escrow_address(key),
        vault=escrow.vault_address(key),
        destination=buyer.tokens,
    )


@pytest.fixture
def cancelled(market: Marketplace) -> tuple[Pubkey, Actor]:
    """A job whose money has gone back to its buyer."""
    key, buyer = market.posted()
    market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    market.send(empty_escrow(key, buyer))
    return key, buyer


def test_returns_the_rent(market: Marketplace, cancelled: tuple[Pubkey, Actor]) -> None:
    key, buyer = cancelled
    before, rent = market.lamports(buyer.key), market.lamports(key)
    sent = market.send(job_registry.reclaim(buyer=buyer.key, job=key), signers=[buyer])
    assert not market.exists(key)
    assert market.lamports(buyer.key) == before + rent
    event = sent.only(job_registry.JobClosed)
    assert (event.job, event.buyer, event.id) == (key, buyer.key, 0)


def test_refuses_while_the_escrow_is_open(market: Marketplace) -> None:
    key, buyer = market.posted()
    reclaim = job_registry.reclaim(buyer=buyer.key, job=key)
    market.fails("EscrowOpen", reclaim, signers=[buyer])
    market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    market.fails("EscrowOpen", reclaim, signers=[buyer])
    market.send(empty_escrow(key, buyer))
    market.send(reclaim, signers=[buyer])


def test_refuses_while_the_verdict_is_open(
    market: Marketplace, cancelled: tuple[Pubkey, Actor]
) -> None:
    key, buyer = cancelled
    address = verdict.verdict_address(key)
    market.bank.set_account(address, Account(10**9, bytes(8), verdict.ID))
    reclaim = job_registry.reclaim(buyer=buyer.key, job=key)
    market.fails("VerdictOpen", reclaim, signers=[buyer])
    market.purge(address)
    market.send(reclaim, signers=[buyer])


@pytest.mark.parametrize("commits", [False, True])
def test_refuses_a_job_that_has_not_ended(market: Marketplace, commits: bool) -> None:
    key, buyer, owner = market.leased()
    if commits:
        market.as_verdict(steps.record_stage(market, key, owner, market.job(key).operators))
    market.purge(escrow.escrow_address(key))
    reclaim = job_registry.reclaim(buyer=buyer.key, job=key)
    market.fails("JobNotEnded", reclaim, signers=[buyer])
    if commits:
        market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED))
        market.send(reclaim, signers=[buyer])


def test_refuses_another_address_as_escrow_or_verdict(
    market: Marketplace, cancelled: tuple[Pubkey, Actor]
) -> None:
    key, buyer = cancelled
    elsewhere = Pubkey(bytes(31) + b"\1")
    cases: list[dict[str, Any]] = [{"escrow": elsewhere}, {"verdict": elsewhere}]
    for changed in cases:
        reclaim = job_registry.reclaim(buyer=buyer.key, job=key, **changed)
        market.fails("ConstraintSeeds", reclaim, signers=[buyer])


def test_refuses_anybody_but_the_buyer(
    market: Marketplace, cancelled: tuple[Pubkey, Actor]
) -> None:
    key, _ = cancelled
    other = market.person()
    reclaim = job_registry.reclaim(buyer=other.key, job=key)
    market.fails("Unauthorized", reclaim, signers=[other])


def test_refuses_without_the_buyers_signature(
    market: Marketplace, cancelled: tuple[Pubkey, Actor]
) -> None:
    key, buyer = cancelled
    reclaim = job_registry.reclaim(buyer=buyer.key, job=key)
    market.fails("AccountNotSigner", unsigned(reclaim, buyer.key))


def test_costs_little(market: Marketplace, cancelled: tuple[Pubkey, Actor]) -> None:
    key, buyer = cancelled
    sent = market.send(job_registry.reclaim(buyer=buyer.key, job=key), signers=[buyer])
    assert sent.units <= 10_000
