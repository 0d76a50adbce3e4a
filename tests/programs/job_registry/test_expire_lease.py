from typing import Any

import pytest

from idl.client import escrow, job_registry, staking
from idl.client.bindings.job_registry import JobState
from tests.programs.job_registry.marketplace import PARAMS, STAKE, Marketplace, record_stage
from tests.world import with_account


def test_the_bond_goes_to_the_jobs_vault(market: Marketplace) -> None:
    key, _, owner = market.leased()
    lease, vault = market.job(key).lease, escrow.vault_address(key)
    held = market.tokens(vault)
    sent = market.expire_lease(key, owner)
    assert market.tokens(vault) == held + lease.bond
    assert market.position_of(owner).amount == STAKE - lease.bond
    assert market.position_of(owner).exposed == 0
    event = sent.only(job_registry.LeaseExpired)
    assert (event.provider, event.bond, event.exposed) == (owner.key, lease.bond, 0)
    assert sent.units <= 40_000
    market.check_conserved()


def test_opens_the_job_for_others(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.expire_lease(key, owner)
    job = market.job(key)
    assert (job.state, job.attempts, job.progress) == (JobState.POSTED, 1, 0)
    assert job.posted_slot == market.slot
    assert job.claim_deadline == market.slot + PARAMS.claim_window_slots
    assert bytes(job.lease.provider) == bytes(32)


def test_costs_half_the_reputation(market: Marketplace) -> None:
    key, _, owner = market.leased()
    address = job_registry.provider_address(owner.key)
    market.edit(job_registry.Provider, address, reputation=1_001)
    market.expire_lease(key, owner)
    provider = market.provider_of(owner)
    assert (provider.reputation, provider.failed, provider.active) == (500, 1, 0)


def test_leaves_a_mark_that_bars_the_provider(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.expire_lease(key, owner)
    exposure = market.fetch(staking.Exposure, staking.exposure_address(key, owner.key))
    assert (exposure.state, exposure.bond) == (1, 0)


def test_who_committed_a_stage_stays_exposed(market: Marketplace) -> None:
    key, _, owner = market.leased()
    lease = market.job(key).lease
    market.as_verdict(record_stage(key, owner, 1))
    sent = market.expire_lease(key, owner)
    assert sent.only(job_registry.LeaseExpired).exposed == lease.exposure
    assert market.position_of(owner).exposed == lease.exposure
    exposure = market.fetch(staking.Exposure, staking.exposure_address(key, owner.key))
    assert (exposure.state, exposure.amount) == (0, lease.exposure)
    assert market.job(key).progress == 1


def test_a_verifiers_seat_loses_the_bonds_weight(market: Marketplace) -> None:
    owner = market.provider()
    market.send(staking.take_seat(index=5, owner=owner.key), signers=[owner])
    key, _ = market.posted()
    market.claim(key, owner)
    bond = market.job(key).lease.bond
    market.expire_lease(key, owner)
    tree = market.fetch(staking.VerifierTree, staking.verifiers_address())
    assert tree.total == (STAKE - bond) // 2


@pytest.mark.parametrize(("after", "error"), [(-1, "LeaseRunning"), (0, "LeaseRunning"), (1, None)])
def test_attack_21_a_lease_includes_its_last_slot(
    market: Marketplace, after: int, error: str | None
) -> None:
    key, _, owner = market.leased()
    market.warp_to(market.job(key).lease.expires_slot + after)
    instruction = job_registry.expire_lease(job=key, owner=owner.key)
    if error:
        market.fails(error, instruction)
    else:
        market.send(instruction)


def test_attack_15_a_lease_expires_once(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.expire_lease(key, owner)
    market.warp(200)
    market.fails("JobNotClaimed", job_registry.expire_lease(job=key, owner=owner.key))


def test_attack_02_another_users_token_account(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    instruction = job_registry.expire_lease(job=key, owner=owner.key, vault=market.person().tokens)
    market.fails("WrongVault", instruction)


def test_takes_no_other_jobs_bond(market: Marketplace) -> None:
    owner = market.provider()
    keys = [market.posted()[0] for _ in range(2)]
    for key in keys:
        market.claim(key, owner)
    market.warp(500)
    instruction = job_registry.expire_lease(
        job=keys[0], owner=owner.key, exposure=staking.exposure_address(keys[1], owner.key)
    )
    market.fails("WrongJob", instruction)


def test_refuses_another_jobs_escrow(market: Marketplace) -> None:
    key, _, owner = market.leased()
    other, _ = market.posted()
    market.warp(500)
    instruction = job_registry.expire_lease(
        job=key,
        owner=owner.key,
        escrow=escrow.escrow_address(other),
        vault=escrow.vault_address(other),
    )
    market.fails("WrongEscrow", instruction)


def test_refuses_another_provider(market: Marketplace) -> None:
    other = market.provider()
    key, _, owner = market.leased()
    market.warp(500)
    mixed = job_registry.expire_lease(
        job=key, owner=owner.key, provider=job_registry.provider_address(other.key)
    )
    market.fails("WrongProvider", mixed)
    market.fails("AccountOwnedByWrongProgram", job_registry.expire_lease(job=key, owner=other.key))


def test_refuses_another_position(market: Marketplace) -> None:
    other = market.provider()
    key, _, owner = market.leased()
    market.warp(500)
    instruction = job_registry.expire_lease(
        job=key, owner=owner.key, position=staking.position_address(other.key)
    )
    market.fails("WrongPosition", instruction)


@pytest.mark.parametrize("name", ["token_program", "staking_program"])
def test_attack_06_fake_programs(market: Marketplace, name: str) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    fake: dict[str, Any] = {name: escrow.ID}
    instruction = job_registry.expire_lease(job=key, owner=owner.key, **fake)
    market.fails("InvalidProgramId", instruction)


def test_refuses_another_stake_vault(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    instruction = with_account(
        job_registry.expire_lease(job=key, owner=owner.key),
        staking.stake_vault_address(),
        market.person().tokens,
    )
    assert market.fails("WrongVault", instruction).program == "staking"
