import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from neurolov_client import job_registry, shard_of
from neurolov_client.bindings.job_registry import REPUTATION_ONE, JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import Marketplace, reputation_at
from tests.world import NLOV


def test_a_settled_job_earns_reputation(market: Marketplace) -> None:
    key, _, owner = market.committed()
    address = job_registry.provider_address(owner.key)
    market.edit(
        job_registry.Provider,
        address,
        reputation=REPUTATION_ONE // 2,
        rated_slot=market.slot,
        measured_rate=8_000,
    )
    before, job = market.provider_of(owner), market.job(key)
    events = market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, job.macs))
    after = market.provider_of(owner)
    assert (after.reputation, after.rated_slot) == (
        REPUTATION_ONE // 2 + REPUTATION_ONE // 32,
        market.slot,
    )
    rate = job.macs // (job.committed_slot - job.lease.claimed_slot)
    assert after.measured_rate == 7_000 + rate // 8
    shard = market.shard_for(key)
    assert (shard.raised_rates, shard.lowered_rates) == (0, 8_000 - after.measured_rate)
    assert (after.completed, after.failed) == (before.completed + 1, before.failed)
    read = market.job(key)
    assert (read.state, read.concluded_slot) == (JobState.SETTLED, market.slot)
    assert market.shard_for(key).settled_macs == job.macs
    assert [type(event) for event in events] == [
        job_registry.ProviderRated,
        job_registry.JobEnded,
    ]


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    reputation=st.integers(0, REPUTATION_ONE),
    idle=st.integers(0, 10**6),
    half_life=st.integers(1, 10**5),
)
def test_a_settled_job_adds_to_what_idleness_left(
    reputation: int, idle: int, half_life: int
) -> None:
    market = Marketplace.fresh()
    market.amend(reputation_half_life_slots=half_life)
    market.warp(10**6)
    key, _, owner = market.committed()
    address = job_registry.provider_address(owner.key)
    rated = {"reputation": reputation, "rated_slot": market.slot - idle}
    market.edit(job_registry.Provider, address, **rated)
    left = reputation_at(market.provider_of(owner), market.slot, half_life)
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 1))
    after = market.provider_of(owner)
    assert (after.reputation, after.rated_slot) == (
        left + (REPUTATION_ONE - left) // 16,
        market.slot,
    )


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(premium=st.integers(0, 2 * NLOV), reference=st.integers(1, 2 * NLOV))
def test_cheap_work_earns_reputation_in_proportion(premium: int, reference: int) -> None:
    market = Marketplace.fresh()
    market.amend(reputation_ref=reference)
    key, _, owner = market.committed(urgency=premium)
    earned = min(market.job(key).lease.price, reference)
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 1))
    assert market.provider_of(owner).reputation == REPUTATION_ONE // 16 * earned // reference


def test_a_job_committed_in_its_first_slot_counts_as_one(market: Marketplace) -> None:
    key, _, owner = market.leased()
    job = market.job(key)
    market.as_verdict(steps.record_stage(market, key, owner, job.operators, job.macs))
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, job.macs))
    assert market.provider_of(owner).measured_rate == job.macs // 8


def test_a_voided_job_costs_reputation(market: Marketplace) -> None:
    key, _, owner = market.committed()
    address = job_registry.provider_address(owner.key)
    market.edit(job_registry.Provider, address, reputation=REPUTATION_ONE, measured_rate=8_000)
    before = market.provider_of(owner)
    market.as_verdict(steps.conclude(market, key, owner, JobState.VOIDED))
    after = market.provider_of(owner)
    assert after.rated_slot == before.rated_slot
    assert (after.reputation, after.completed, after.failed) == (REPUTATION_ONE // 4, 0, 1)
    assert after.measured_rate == 8_000
    shard = market.shard_for(key)
    assert (shard.raised_rates, shard.lowered_rates) == (0, 0)
    assert market.job(key).state == JobState.VOIDED
    assert market.shard_for(key).settled_macs == 0


def test_settled_work_counts_in_its_own_epoch(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.warp_to((market.window + 1) * CHECKPOINT_SLOTS)
    macs = market.job(key).macs
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, macs))
    shard = market.shard_for(key)
    assert (shard.epoch, shard.settled_macs) == (market.window, macs)
    assert shard.previous_settled_macs == 0


def test_a_provider_that_left_blocks_nothing(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.send(steps.deregister(owner), signers=[owner])
    market.as_verdict(steps.conclude(market, key, owner, JobState.VOIDED))
    assert market.job(key).state == JobState.VOIDED


def test_whoever_is_blamed_is_rated_whoever_holds_the_lease(market: Marketplace) -> None:
    blamed = market.provider()
    key, _, owner = market.committed()
    for each in (owner, blamed):
        market.edit(
            job_registry.Provider,
            job_registry.provider_address(each.key),
            reputation=REPUTATION_ONE,
        )
    before = market.provider_of(owner)
    events = market.as_verdict(steps.conclude(market, key, blamed, JobState.VOIDED))
    assert market.provider_of(owner) == before
    after = market.provider_of(blamed)
    assert (after.reputation, after.failed) == (REPUTATION_ONE // 4, 1)
    rated = next(event for event in events if isinstance(event, job_registry.ProviderRated))
    assert rated.owner == blamed.key


def test_nobody_spares_a_provider_its_rating(market: Marketplace) -> None:
    other = market.provider()
    key, _, owner = market.committed()
    market.as_verdict_fails("WrongProvider", steps.conclude(market, key, other, JobState.SETTLED))
    market.as_verdict_fails(
        "WrongProvider", steps.conclude(market, key, other, JobState.VOIDED, blamed=owner.key)
    )
    market.as_verdict_fails(
        "WrongProvider",
        steps.conclude(market, key, owner, JobState.VOIDED, provider=market.person().key),
    )


def test_stages_without_a_lease_rate_nobody(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.as_verdict(steps.record_stage(market, key, owner, 1, 10))
    market.expire_lease(key, owner)
    market.warp_to(market.job(key).claim_deadline + 1)
    cranker = market.person()
    market.send(steps.expire_job(market, key, cranker), signers=[cranker])
    before = market.provider_of(owner)
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED, 10))
    assert market.provider_of(owner) == before
    assert market.job(key).state == JobState.SETTLED


def test_without_a_lease_a_void_still_rates_whom_it_blames(market: Marketplace) -> None:
    key, _, owner = market.leased()
    market.as_verdict(steps.record_stage(market, key, owner, 1, 10))
    market.expire_lease(key, owner)
    market.warp_to(market.job(key).claim_deadline + 1)
    cranker = market.person()
    market.send(steps.expire_job(market, key, cranker), signers=[cranker])
    failed = market.provider_of(owner).failed
    market.as_verdict(steps.conclude(market, key, owner, JobState.VOIDED))
    assert market.provider_of(owner).failed == failed + 1


@pytest.mark.parametrize("outcome", [0, 1, 2, 4, JobState.EXPIRED, 7, 255])
def test_refuses_other_outcomes(market: Marketplace, outcome: int) -> None:
    key, _, owner = market.committed()
    market.as_verdict_fails("InvalidOutcome", steps.conclude(market, key, owner, outcome))


@pytest.mark.parametrize("outcome", [JobState.SETTLED, JobState.VOIDED])
def test_refuses_a_job_that_is_not_committed(market: Marketplace, outcome: int) -> None:
    key, _, owner = market.leased()
    market.as_verdict_fails("JobNotCommitted", steps.conclude(market, key, owner, outcome))


def test_attack_15_concludes_once(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, JobState.VOIDED))
    for outcome in (JobState.SETTLED, JobState.VOIDED):
        market.as_verdict_fails("JobNotCommitted", steps.conclude(market, key, owner, outcome))


def test_refuses_another_jobs_shard(market: Marketplace) -> None:
    key, _, owner = market.committed()
    other = job_registry.utilisation_address((shard_of(key) + 1) % 16)
    market.as_verdict_fails(
        "InvalidShard", steps.conclude(market, key, owner, JobState.SETTLED, 1, utilisation=other)
    )


def test_attack_01_only_the_verdict_program_calls(market: Marketplace) -> None:
    key, _, owner = market.committed()
    instruction = steps.conclude(market, key, owner, JobState.SETTLED, authority=owner.key)
    market.fails("Unauthorized", instruction, signers=[owner])
