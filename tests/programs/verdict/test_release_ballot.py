import pytest

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import claim, post_job
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.verdict import BallotState
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import with_account


def with_a_silent_one(judging: Judging) -> Judging:
    """Two verifiers accept and reveal, the third casts and does not reveal; settled."""
    world = judging.balloting().world
    for ballot, _ in judging.ballots():
        world.send(judging.cast(ballot), signers=[judging.member(ballot)])
    world.warp(1)
    for ballot in (0, 1):
        world.send(judging.reveal(ballot))
    world.warp_to(judging.account.reveal_deadline + 1)
    world.send(judging.tally(), signers=[judging.cranker])
    judge.settle(world, judging.cranker, judging.job)
    return judging


def test_a_revealed_ballot_frees_all_its_stake(judging: Judging) -> None:
    world = judging.settled().world
    owner = judging.member(0)
    held = stakers.position(world, owner)
    lamports = world.bank.balance(owner.key)
    sent = world.send(judging.release(0))
    free = stakers.position(world, owner)
    assert (free.amount, free.exposed) == (held.amount, 0)
    address = staking.exposure_address(judging.job.address, owner.key)
    assert not world.exists(address)
    rent = world.bank.rent_exempt_minimum(staking.Exposure.SIZE or 0)
    assert world.bank.balance(owner.key) == lamports + rent
    assert judging.account.ballots[0].state == BallotState.RELEASED
    event = sent.only(verdict.BallotReleased)
    assert isinstance(event, verdict.BallotReleased)
    assert (event.ballot, event.verifier, event.withheld) == (0, owner.key, False)


def test_a_withheld_ballot_costs_the_fixed_fee(judging: Judging) -> None:
    world = with_a_silent_one(judging).world
    owner, fee = judging.member(2), world.parameters.verdict.silence_fee
    vault = escrow.fees_address(shard_of(judging.job.address))
    held, collected = stakers.position(world, owner).amount, world.tokens(vault)
    sent = world.send(judging.release(2))
    assert stakers.position(world, owner).amount == held - fee
    assert stakers.position(world, owner).exposed == 0
    assert world.tokens(vault) == collected + fee
    event = sent.only(verdict.BallotReleased)
    assert isinstance(event, verdict.BallotReleased)
    assert event.withheld
    world.check_conserved()


def test_releasing_twice_is_refused(judging: Judging) -> None:
    world = judging.settled().world
    attempt = judging.release(0)
    world.send(attempt)
    world.fails("AccountOwnedByWrongProgram", judging.release(0))


def test_a_ballot_that_was_not_cast_has_nothing_to_release(judging: Judging) -> None:
    world = judging.balloting().tallied({0: ACCEPTS, 1: ACCEPTS}).world
    judge.settle(world, judging.cranker, judging.job)
    attempt = with_account(
        judging.release(2, judging.member(0)), judging.member(2).key, judging.member(0).key
    )
    world.fails("NothingToRelease", attempt)


def test_before_settlement_stake_stays_locked(judging: Judging) -> None:
    world = judging.decided().world
    world.fails("WrongState", judging.release(0))


def test_a_withheld_fee_goes_to_the_fee_vault_alone(judging: Judging) -> None:
    world = with_a_silent_one(judging).world
    mallory = world.actor("mallory")
    vault = escrow.fees_address(shard_of(judging.job.address))
    world.fails("JobMismatch", with_account(judging.release(2), vault, mallory.tokens))
    other = escrow.fees_address((shard_of(judging.job.address) + 1) % 16)
    world.fails("JobMismatch", with_account(judging.release(2), vault, other))


def test_another_verifier_s_exposure_is_refused(judging: Judging) -> None:
    world = judging.settled().world
    own = staking.exposure_address(judging.job.address, judging.member(0).key)
    other = staking.exposure_address(judging.job.address, judging.member(1).key)
    world.fails("Unauthorized", with_account(judging.release(0), own, other))
    world.fails("Unauthorized", judging.release(0, judging.member(1)))


def test_the_provider_s_exposure_is_not_a_ballot_s(judging: Judging) -> None:
    world = judging.settled().world
    own = staking.exposure_address(judging.job.address, judging.member(0).key)
    provider_s = staking.exposure_address(judging.job.address, judging.provider.key)
    world.fails("Unauthorized", with_account(judging.release(0), own, provider_s))


def test_an_exposure_of_another_job_is_refused(judging: Judging) -> None:
    world = judging.settled().world
    other = post_job(world, judging.buyer, judging.job.graph)
    claim(world, judging.provider, other)
    own = staking.exposure_address(judging.job.address, judging.member(0).key)
    foreign = staking.exposure_address(other.address, judging.provider.key)
    world.fails("JobMismatch", with_account(judging.release(0), own, foreign))


@pytest.mark.parametrize("number", [3, 255])
def test_a_number_beyond_the_draws_is_refused(judging: Judging, number: int) -> None:
    world = judging.settled().world
    world.fails("NoSuchBallot", judging.release(number, judging.member(0)))


def test_releasing_stays_within_its_compute_budget(judging: Judging) -> None:
    world = with_a_silent_one(judging).world
    assert world.send(judging.release(0)).units <= 40_000
    assert world.send(judging.release(2)).units <= 40_000
