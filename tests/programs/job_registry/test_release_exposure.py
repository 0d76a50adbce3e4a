import pytest

from neurolov_client import escrow, job_registry, staking
from neurolov_client.bindings.job_registry import JobState
from tests.programs.job_registry import steps
from tests.programs.job_registry.marketplace import STAKE, Marketplace


@pytest.mark.parametrize("outcome", [JobState.SETTLED, JobState.VOIDED])
def test_frees_the_stake_of_an_ended_job(market: Marketplace, outcome: int) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, outcome))
    exposure = staking.exposure_address(key, owner.key)
    before, rent = market.lamports(owner.key), market.lamports(exposure)
    sent = market.send(steps.release(key, owner))
    position = market.position_of(owner)
    assert (position.amount, position.exposed) == (STAKE, 0)
    assert not market.exists(exposure)
    assert market.lamports(owner.key) == before + rent
    assert sent.units <= 40_000


def test_closes_what_an_expired_lease_left(market: Marketplace) -> None:
    key, buyer, owner = market.leased()
    market.expire_lease(key, owner)
    release = steps.release(key, owner)
    market.fails("JobNotEnded", release)
    market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    before = market.position_of(owner)
    market.send(release)
    assert market.position_of(owner).exposed == before.exposed == 0
    assert not market.exists(staking.exposure_address(key, owner.key))


def test_frees_every_provider_of_a_job(market: Marketplace) -> None:
    second = market.provider()
    key, _, first = market.leased()
    market.as_verdict(steps.record_stage(market, key, first, 1))
    market.expire_lease(key, first)
    market.claim(key, second)
    market.as_verdict(steps.record_stage(market, key, second, market.job(key).operators))
    market.as_verdict(steps.conclude(market, key, second, JobState.SETTLED))
    for owner in (first, second):
        market.send(steps.release(key, owner))
        assert market.position_of(owner).exposed == 0


def test_the_job_may_be_gone(market: Marketplace) -> None:
    key, buyer, owner = market.leased()
    market.expire_lease(key, owner)
    market.send(job_registry.cancel(buyer=buyer.key, job=key), signers=[buyer])
    market.send(
        escrow.reclaim(
            buyer=buyer.key,
            escrow=escrow.escrow_address(key),
            vault=escrow.vault_address(key),
            destination=buyer.tokens,
        )
    )
    market.send(job_registry.reclaim(buyer=buyer.key, job=key), signers=[buyer])
    assert not market.exists(key)
    market.send(steps.release(key, owner))
    assert not market.exists(staking.exposure_address(key, owner.key))


def test_refuses_while_the_job_runs(market: Marketplace) -> None:
    key, _, owner = market.leased()
    release = steps.release(key, owner)
    market.fails("JobNotEnded", release)
    market.as_verdict(steps.record_stage(market, key, owner, market.job(key).operators))
    market.fails("JobNotEnded", release)


def test_attack_15_releases_once(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED))
    release = steps.release(key, owner)
    market.send(release)
    market.fails("AccountOwnedByWrongProgram", release)


def test_takes_no_other_job_for_the_exposures(market: Marketplace) -> None:
    running, _, owner = market.leased()
    ended, buyer = market.posted()
    market.send(job_registry.cancel(buyer=buyer.key, job=ended), signers=[buyer])
    exposure = staking.exposure_address(running, owner.key)
    for job in (ended, market.person().key, job_registry.job_address(buyer.key, 9)):
        release = steps.release(job, owner, exposure=exposure)
        market.fails("WrongJob", release)


def test_refuses_to_pay_the_rent_to_another(market: Marketplace) -> None:
    key, _, owner = market.committed()
    market.as_verdict(steps.conclude(market, key, owner, JobState.SETTLED))
    thief = market.staker()
    release = steps.release(key, thief, exposure=staking.exposure_address(key, owner.key))
    assert market.fails("WrongExposure", release).program == "staking"
