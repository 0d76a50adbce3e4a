from typing import Any

import pytest

from neurolov_client import SHARDS, escrow, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import PARAMS, STAKE, Marketplace
from tests.world import NLOV, with_account


def test_the_bond_goes_to_the_fee_vault_and_none_to_the_buyer(market: Marketplace) -> None:
    key, _, owner = market.leased()
    lease, fees = market.job(key).lease, escrow.fees_address(shard_of(key))
    held, vault = market.tokens(fees), market.tokens(escrow.vault_address(key))
    sent = market.expire_lease(key, owner)
    assert market.tokens(fees) == held + lease.bond
    assert market.tokens(escrow.vault_address(key)) == vault
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
    market.as_verdict(steps.record_stage(market, key, owner, 1))
    sent = market.expire_lease(key, owner)
    assert sent.only(job_registry.LeaseExpired).exposed == lease.exposure
    assert market.position_of(owner).exposed == lease.exposure
    exposure = market.fetch(staking.Exposure, staking.exposure_address(key, owner.key))
    assert (exposure.state, exposure.amount) == (0, lease.exposure)
    assert market.job(key).progress == 1


def test_a_verifiers_seat_keeps_its_collateral(market: Marketplace) -> None:
    """A lease is backed by the stake beside the collateral, and its bond costs none of it."""
    owner, bound = market.provider(), 100 * NLOV
    taking = staking.take_seat(index=5, collateral=bound, owner=owner.key)
    market.send(taking, signers=[owner])
    key, _ = market.posted()
    market.claim(key, owner)
    market.expire_lease(key, owner)
    tree = market.fetch(staking.VerifierTree, staking.verifiers_address())
    assert (market.position_of(owner).collateral, tree.total) == (bound, bound // 2)


@pytest.mark.parametrize(("after", "error"), [(-1, "LeaseRunning"), (0, "LeaseRunning"), (1, None)])
def test_attack_21_a_lease_includes_its_last_slot(
    market: Marketplace, after: int, error: str | None
) -> None:
    key, _, owner = market.leased()
    market.warp_to(market.job(key).lease.expires_slot + after)
    instruction = steps.expire_lease(market, key, owner)
    if error:
        market.fails(error, instruction)
    else:
        market.send(instruction)


def test_attack_15_a_lease_expires_once(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.expire_lease(key, owner)
    market.warp(200)
    market.fails("JobNotClaimed", steps.expire_lease(market, key, owner))


def test_attack_02_another_users_token_account(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    instruction = steps.expire_lease(market, key, owner, fee_vault=market.person().tokens)
    market.fails("WrongVault", instruction)


def test_takes_no_other_jobs_bond(market: Marketplace) -> None:
    owner = market.provider()
    keys = [market.posted()[0] for _ in range(2)]
    for key in keys:
        market.claim(key, owner)
    market.warp(500)
    instruction = steps.expire_lease(
        market, keys[0], owner, exposure=staking.exposure_address(keys[1], owner.key)
    )
    market.fails("WrongJob", instruction)


def test_refuses_other_vaults_than_the_jobs_fee_vault(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    other = escrow.fees_address((shard_of(key) + 1) % SHARDS)
    for vault in (other, escrow.vault_address(key), staking.stake_vault_address()):
        instruction = steps.expire_lease(market, key, owner, fee_vault=vault)
        market.fails("WrongVault", instruction)


def test_refuses_to_pay_the_rent_to_another(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    thief = market.person()
    instruction = steps.expire_lease(market, key, owner, thief)
    assert market.fails("WrongExposure", instruction).program == "staking"


def test_refuses_another_provider(market: Marketplace) -> None:
    other = market.provider()
    key, _, owner = market.leased()
    market.warp(500)
    own: dict[str, Any] = {
        "provider": job_registry.provider_address(other.key),
        "position": staking.position_address(other.key),
    }
    market.fails("WrongPosition", steps.expire_lease(market, key, owner, provider=own["provider"]))
    market.fails("WrongProvider", steps.expire_lease(market, key, owner, **own))
    market.fails("AccountOwnedByWrongProgram", steps.expire_lease(market, key, other))


def test_refuses_the_provider_of_an_earlier_lease(market: Marketplace) -> None:
    earlier, later = market.provider(), market.provider()
    key, _ = market.posted()
    market.claim(key, earlier)
    market.as_verdict(steps.record_stage(market, key, earlier, 1))
    market.expire_lease(key, earlier)
    market.claim(key, later)
    market.reach(market.job(key).lease.expires_slot + 1)
    market.fails("WrongProvider", steps.expire_lease(market, key, earlier))
    market.send(steps.expire_lease(market, key, later))


def test_refuses_another_position(market: Marketplace) -> None:
    other = market.provider()
    key, _, owner = market.leased()
    market.warp(500)
    instruction = steps.expire_lease(
        market, key, owner, position=staking.position_address(other.key)
    )
    market.fails("WrongPosition", instruction)


@pytest.mark.parametrize("name", ["token_program", "staking_program"])
def test_attack_06_fake_programs(market: Marketplace, name: str) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    fake: dict[str, Any] = {name: escrow.ID}
    instruction = steps.expire_lease(market, key, owner, **fake)
    market.fails("InvalidProgramId", instruction)


def test_refuses_another_stake_vault(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.warp(500)
    instruction = with_account(
        steps.expire_lease(market, key, owner),
        staking.stake_vault_address(),
        market.person().tokens,
    )
    assert market.fails("WrongVault", instruction).program == "staking"
