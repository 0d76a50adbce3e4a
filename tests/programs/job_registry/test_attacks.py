"""Attacks on several instructions at once."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from solders.account import Account
from solders.instruction import Instruction
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from spl.token.instructions import TransferParams as SplTransfer
from spl.token.instructions import transfer as spl_transfer

from neurolov_client import SYSTEM_PROGRAM, TOKEN_PROGRAM, escrow, job_registry, staking
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import (
    CAPABILITY,
    OFFER,
    PARAMS,
    Marketplace,
    collateral,
)
from tests.world import NLOV, Actor

MARKET = job_registry.market_address()


def other_bump(seeds: list[bytes]) -> Pubkey:
    """Returns an address of the program under these seeds that is not the canonical one."""
    canonical = Pubkey.find_program_address(seeds, job_registry.ID)[1]
    for bump in range(canonical - 1, -1, -1):
        hashed = b"".join(seeds) + bytes([bump]) + bytes(job_registry.ID) + b"ProgramDerivedAddress"
        address = Pubkey(sha256(hashed).digest())
        if not address.is_on_curve():
            return address
    raise AssertionError("no other bump")


def test_attack_03_terms_of_another_program(market: Marketplace) -> None:
    """The terms have the right bytes but were written by another program."""
    raw = market.bank.account(market.terms)
    assert raw is not None
    copy = Pubkey(b"\5" * 32)
    market.bank.set_account(copy, Account(raw.lamports, bytes(raw.data), escrow.ID))
    owner, buyer = market.provider(), market.buyer()
    graph = market.graph(buyer)
    key, _ = market.posted()
    market.warp(PARAMS.claim_max_delay_slots + 1)
    cranker = market.person()
    market.fails(
        "AccountOwnedByWrongProgram",
        market.lock(buyer, 0, OFFER),
        steps.post_job(market, buyer, graph, 0, OFFER, terms=copy),
        signers=[buyer],
    )
    for instruction, signers in [
        (steps.claim(market, key, owner, terms=copy), [owner]),
        (steps.expire_job(market, key, cranker, terms=copy), [cranker]),
        (steps.expire_lease(market, key, owner, terms=copy), []),
        (steps.roll(market, terms=copy), []),
    ]:
        market.fails("AccountOwnedByWrongProgram", instruction, signers=signers)


def test_attack_04_account_type_confusion(market: Marketplace) -> None:
    """Every account of the program is passed where another type belongs."""
    key, _, owner = market.leased()
    graph, provider = market.job(key).graph, job_registry.provider_address(owner.key)
    accounts = {
        "shard": job_registry.utilisation_address(0),
        "market": MARKET,
        "provider": provider,
        "job": key,
        "graph": graph,
    }
    for name in ("market", "provider", "job"):
        for kind, address in accounts.items():
            if kind != name:
                given: dict[str, Any] = {name: address}
                claim = steps.claim(market, key, owner, **given)
                market.fails("AccountDiscriminatorMismatch", claim, signers=[owner])
    for name in ("terms", "pool", "position"):
        tree: dict[str, Any] = {name: staking.verifiers_address()}
        claim = steps.claim(market, key, owner, **tree)
        market.fails("AccountDiscriminatorMismatch", claim, signers=[owner])


def test_attack_08_non_canonical_bump(market: Marketplace) -> None:
    owner, buyer = market.staker(), market.buyer()
    provider = other_bump([b"provider", bytes(owner.key)])
    market.fails(
        "ConstraintSeeds",
        job_registry.register_provider(capability=CAPABILITY, owner=owner.key, provider=provider),
        signers=[owner],
    )
    graph = market.graph(buyer)
    job = other_bump([b"job", bytes(buyer.key), bytes(8)])
    held = escrow.escrow_address(job_registry.job_address(buyer.key, 0))
    market.fails(
        "ConstraintSeeds",
        market.lock(buyer, 0, OFFER),
        steps.post_job(market, buyer, graph, 0, OFFER, job=job, escrow=held),
        signers=[buyer],
    )


Close = Callable[[Marketplace], tuple[Pubkey, Actor, Instruction, Instruction, str]]


def closed_provider(
    market: Marketplace,
) -> tuple[Pubkey, Actor, Instruction, Instruction, str]:
    owner = market.provider()
    return (
        job_registry.provider_address(owner.key),
        owner,
        steps.deregister(owner),
        job_registry.update_provider(capability=CAPABILITY, draining=False, owner=owner.key),
        "AccountOwnedByWrongProgram",
    )


def closed_job(market: Marketplace) -> tuple[Pubkey, Actor, Instruction, Instruction, str]:
    key, buyer = market.posted()
    market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    market.send(
        escrow.reclaim(
            buyer=buyer.key,
            escrow=escrow.escrow_address(key),
            vault=escrow.vault_address(key),
            destination=buyer.tokens,
        )
    )
    reclaim = job_registry.reclaim(buyer=buyer.key, job=key)
    return key, buyer, reclaim, reclaim, "AccountOwnedByWrongProgram"


@pytest.mark.parametrize("case", [closed_provider, closed_job])
def test_attack_09_no_revival(market: Marketplace, case: Close) -> None:
    """An account that is closed and funded again in one transaction is not revived."""
    address, owner, close, use, error = case(market)
    refund = transfer(TransferParams(from_pubkey=owner.key, to_pubkey=address, lamports=10**9))
    market.fails(error, close, refund, use, signers=[owner])
    market.send(close, refund, signers=[owner])
    raw = market.bank.account(address)
    assert raw is not None
    assert (raw.owner, bytes(raw.data)) == (SYSTEM_PROGRAM, b"")
    market.fails(error, use, signers=[owner])


def test_attack_09_a_job_id_never_comes_back(market: Marketplace) -> None:
    key, buyer, close, _, _ = closed_job(market)
    graph = market.job(key).graph
    market.send(close, signers=[buyer])
    market.fails(
        "WrongJobId",
        market.lock(buyer, 0, OFFER),
        steps.post_job(market, buyer, graph, 0, OFFER),
        signers=[buyer],
    )


def test_attack_12_a_donation_changes_no_claim(market: Marketplace) -> None:
    """Tokens sent to a vault change neither turn, price nor exposure."""
    owner, giver = market.provider(), market.person(500 * NLOV)
    key, _ = market.posted()
    market.warp(1)
    first = market.first_claim_slot(key, owner)
    for vault in (staking.stake_vault_address(), escrow.vault_address(key)):
        donation = spl_transfer(
            SplTransfer(
                program_id=TOKEN_PROGRAM,
                source=giver.tokens,
                dest=vault,
                owner=giver.key,
                amount=100 * NLOV,
            )
        )
        market.send(donation, signers=[giver])
    market.reach(first)
    market.send(steps.claim(market, key, owner), signers=[owner])
    lease = market.job(key).lease
    assert lease.claimed_slot == first
    assert (lease.exposure, lease.bond) == collateral(OFFER)
