from solders.instruction import Instruction

from keeper.lab.market import judgement as judge
from keeper.lab.market.jobs import post_job
from neurolov_client import verdict
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import DRAW_DELAY, State
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import unsigned


def adopt(judging: Judging) -> Instruction:
    return verdict.adopt_partial(cranker=judging.cranker.key, job=judging.job.address)


def abandoned(judging: Judging) -> Judging:
    """Two operators are committed, the lease expires, nobody continues, and the job expires."""
    world = judging.opened().world
    world.send(judging.commit(0, 2), signers=[judging.provider])
    judging.lapsed()
    world.warp_to(judging.job_account.claim_deadline + 1)
    world.send(
        judging.expire_job(),
        signers=[judging.cranker],
    )
    assert judging.job_account.state == JobState.COMMITTED
    return judging


def test_what_was_committed_is_judged(judging: Judging) -> None:
    world = abandoned(judging).world
    world.warp(3)
    sent = world.send(adopt(judging), signers=[judging.cranker])
    account = judging.account
    assert account.state == State.COMMITTED
    assert account.committed_slot == judging.job_account.committed_slot == world.slot - 3
    assert account.crankers[0].party == judging.cranker.key
    event = sent.only(verdict.PartialAdopted)
    assert isinstance(event, verdict.PartialAdopted)
    assert (event.last, event.committed_slot) == (2, account.committed_slot)


def test_and_its_share_is_paid(judging: Judging) -> None:
    world = abandoned(judging).world
    world.send(adopt(judging), signers=[judging.cranker])
    world.warp_to(judging.account.committed_slot + DRAW_DELAY + 1)
    judging.drawn().tallied({ballot: ACCEPTS for ballot, _ in judging.ballots()})
    stage = judging.account.stages[0]
    world.warp_to(judging.account.window_end + 1)
    world.send(judging.settle(), signers=[judging.cranker])
    before = world.tokens(judging.provider)
    judge.withdraw(world, judging.provider, judging.job)
    gross = stage.price * stage.macs // judging.account.macs
    assert 0 < stage.macs < judging.account.macs
    assert world.tokens(judging.provider) - before == gross - -(-gross * 500 // 10_000)
    assert judging.job_account.state == JobState.SETTLED


def test_adopting_twice_is_refused(judging: Judging) -> None:
    world = abandoned(judging).world
    world.send(adopt(judging), signers=[judging.cranker])
    world.fails("WrongState", adopt(judging), signers=[judging.cranker])


def test_a_job_that_goes_on_is_not_adopted(judging: Judging) -> None:
    world = judging.opened().world
    world.fails("NothingToAdopt", adopt(judging), signers=[judging.cranker])


def test_another_job_is_refused(judging: Judging) -> None:
    world = abandoned(judging).world
    other = post_job(world, judging.buyer, judging.job.graph)
    attempt = verdict.adopt_partial(
        cranker=judging.cranker.key, job=other.address, verdict=judging.address
    )
    world.fails("JobMismatch", attempt, signers=[judging.cranker])


def test_a_committed_result_is_not_adopted(judging: Judging) -> None:
    world = judging.committed().world
    world.fails("WrongState", adopt(judging), signers=[judging.cranker])


def test_attack_1_the_cranker_must_sign(judging: Judging) -> None:
    world = abandoned(judging).world
    world.fails("AccountNotSigner", unsigned(adopt(judging), judging.cranker.key))
