from keeper.lab.market import judgement as judge
from keeper.lab.market.jobs import claim, post_job
from neurolov_client import verdict
from neurolov_client.bindings.job_registry import JobState
from tests.programs.verdict.judging import ACCEPTS, Judging
from tests.world import World, with_account


def released(judging: Judging) -> Judging:
    """Settles, and frees the stake of every ballot."""
    judging.settled()
    for ballot, _ in judging.ballots():
        judging.world.send(judging.release(ballot))
    return judging


def test_the_rent_returns_to_whoever_opened(judging: Judging) -> None:
    world = released(judging).world
    rent = world.bank.rent_exempt_minimum(verdict.Verdict.SIZE or 0)
    lamports = world.bank.balance(judging.provider.key)
    sent = world.send(judging.close())
    assert world.bank.balance(judging.provider.key) == lamports + rent
    assert not world.exists(judging.address)
    assert sent.only(verdict.VerdictClosed)


def test_a_job_that_ended_uncommitted_leaves_nothing_behind(judging: Judging) -> None:
    world = judging.opened().world
    for _ in range(world.parameters.job_registry.max_attempts):
        job = judging.job_account
        if job.state == JobState.CLAIMED:
            judging.lapsed()
    world.warp_to(judging.job_account.claim_deadline + 1)
    world.send(
        judging.expire_job(),
        signers=[judging.cranker],
    )
    assert judging.job_account.state == JobState.EXPIRED
    world.send(judging.close())
    assert not world.exists(judging.address)


def test_an_open_ballot_keeps_it(judging: Judging) -> None:
    world = judging.settled().world
    world.send(judging.release(0))
    world.send(judging.release(1))
    world.fails("BallotsUnreleased", judging.close())


def test_before_settlement_it_stays(judging: Judging) -> None:
    world = judging.decided().world
    world.fails("WrongState", judging.close())


def test_the_rent_goes_nowhere_else(judging: Judging) -> None:
    world = released(judging).world
    mallory = world.actor("mallory")
    attempt = with_account(judging.close(), judging.provider.key, mallory.key)
    world.fails("Unauthorized", attempt)


def test_another_job_is_refused(judging: Judging) -> None:
    world = released(judging).world
    other = post_job(world, judging.buyer, judging.job.graph)
    attempt = with_account(judging.close(), judging.job.address, other.address)
    world.fails("JobMismatch", attempt)


def test_attack_9_a_closed_verdict_is_not_revived(judging: Judging) -> None:
    world = released(judging).world
    closing = judging.close()
    reopening = verdict.open_verdict(payer=judging.provider.key, job=judging.job.address)
    world.fails("WrongState", closing, reopening, signers=[judging.provider])
    world.send(closing)
    world.fails("WrongState", reopening, signers=[judging.provider])


def test_attack_9_closing_twice_in_one_transaction_is_refused(judging: Judging) -> None:
    world = released(judging).world
    closing = judging.close()
    world.fails("AccountOwnedByWrongProgram", closing, closing)


def test_another_job_s_verdict_stays(judging: Judging) -> None:
    world = released(judging).world
    other = post_job(world, judging.buyer, judging.job.graph)
    claim(world, judging.provider, other)
    opening = verdict.open_verdict(payer=judging.provider.key, job=other.address)
    world.send(opening, signers=[judging.provider])
    attempt = verdict.close_verdict(payer=judging.provider.key, job=other.address)
    world.fails("WrongState", attempt)


def test_unreported_silence_keeps_it(judging: Judging) -> None:
    world = judging.balloting().tallied({0: ACCEPTS, 1: ACCEPTS}).world
    judge.settle(world, judging.cranker, judging.job)
    world.fails("BallotsUnreleased", judging.close())
    for ballot in (0, 1):
        world.send(judging.release(ballot))
    world.fails("SilenceUnreported", judging.close())
    world.send(judging.report(2))
    world.send(judging.close())
    assert not world.exists(judging.address)


def test_every_draw_s_silence_is_reported_first(world: World) -> None:
    judging = Judging(world, seats=9).balloting().tallied({}).drawn().tallied({})
    judging.drawn().tallied({})
    judge.settle(world, judging.cranker, judging.job)
    for ballot, _ in judging.ballots():
        world.fails("SilenceUnreported", judging.close())
        world.send(judging.report(ballot))
    world.send(judging.close())
    fees = 9 * world.parameters.verdict.silence_fee
    assert world.tokens(judging.fee_vault) == fees
