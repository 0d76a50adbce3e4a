import pytest

from neurolov_client import job_registry
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import PARAMS, Marketplace


def test_extends_the_lease(market: Marketplace) -> None:
    market.amend(min_rate_macs_per_slot=10)
    key, _, owner = market.leased(recorded=0)
    claimed = market.job(key).lease
    market.warp(100)
    (event,) = market.as_verdict(steps.record_stage(market, key, owner, 2, 700))
    job = market.job(key)
    assert (job.state, job.progress) == (JobState.CLAIMED, 2)
    assert (job.lease.macs, job.lease.has_stage) == (700, 1)
    assert job.lease.expires_slot == market.slot + PARAMS.lease_slots
    assert job.lease.cap_slot == claimed.cap_slot
    assert market.provider_of(owner).active == 1
    assert isinstance(event, job_registry.StageRecorded)
    assert (event.provider, event.progress, event.state) == (owner.key, 2, JobState.CLAIMED)
    assert event.expires_slot == job.lease.expires_slot


def test_no_checkpoint_extends_a_lease_beyond_its_cap(market: Marketplace) -> None:
    key, _, owner = market.leased()
    cap = market.job(key).lease.cap_slot
    market.warp_to(cap)
    market.as_verdict(steps.record_stage(market, key, owner, 1))
    assert market.job(key).lease.expires_slot == cap
    market.warp(1)
    market.as_verdict_fails("LeaseExpired", steps.record_stage(market, key, owner, 2))


def test_the_last_stage_commits_the_job(market: Marketplace) -> None:
    key, _, owner = market.leased()
    operators = market.job(key).operators
    market.warp(10)
    events = market.as_verdict(steps.record_stage(market, key, owner, operators, 5))
    job = market.job(key)
    assert (job.state, job.progress, job.committed_slot) == (
        JobState.COMMITTED,
        operators,
        market.slot,
    )
    assert market.provider_of(owner).active == 0
    assert {type(event) for event in events} == {
        job_registry.ProviderRated,
        job_registry.StageRecorded,
    }
    market.as_verdict_fails("JobNotClaimed", steps.record_stage(market, key, owner, operators))


def test_a_restart_is_measured_once(market: Marketplace) -> None:
    key, _, owner = market.leased()
    job = market.job(key)
    for last in (2, 1):
        market.as_verdict(steps.record_stage(market, key, owner, last, job.macs))
    read = market.job(key)
    assert (read.progress, read.lease.macs) == (1, job.macs)


@pytest.mark.parametrize(("after", "error"), [(-1, None), (0, None), (1, "LeaseExpired")])
def test_attack_21_a_lease_includes_its_last_slot(
    market: Marketplace, after: int, error: str | None
) -> None:
    key, _, owner = market.leased()
    market.warp_to(market.job(key).lease.expires_slot + after)
    if error:
        market.as_verdict_fails(error, steps.record_stage(market, key, owner, 1))
    else:
        market.as_verdict(steps.record_stage(market, key, owner, 1))


@pytest.mark.parametrize("beyond", [-3, 1])
def test_refuses_a_stage_outside_the_graph(market: Marketplace, beyond: int) -> None:
    key, _, owner = market.leased()
    last = market.job(key).operators + beyond
    market.as_verdict_fails("InvalidStage", steps.record_stage(market, key, owner, last))


def test_refuses_a_job_that_nobody_holds(market: Marketplace) -> None:
    owner = market.provider()
    key, _ = market.posted()
    market.as_verdict_fails("JobNotClaimed", steps.record_stage(market, key, owner, 1))


def test_refuses_another_provider(market: Marketplace) -> None:
    other = market.provider()
    key, _, _ = market.leased()
    market.as_verdict_fails("WrongProvider", steps.record_stage(market, key, other, 1))


def test_attack_01_only_the_verdict_program_calls(market: Marketplace) -> None:
    key, _, owner = market.leased()
    instruction = steps.record_stage(market, key, owner, 1, authority=owner.key)
    market.fails("Unauthorized", instruction, signers=[owner])
