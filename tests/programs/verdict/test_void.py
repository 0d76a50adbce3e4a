from idl.client import escrow, job_registry, staking, verdict
from tests.programs.verdict.judging import MISSES, OPERATORS, REJECTS, Judging
from tests.world import NLOV, stakers, unsigned, with_account
from tests.world import judgement as judge
from tests.world.judgement import Choice, Outcome, State
from tests.world.marketplace import claim, exposure, post_job, register_provider


def inherited(judging: Judging) -> "Judging":
    """Operator 0 by the first provider, whose lease expires; the rest by an heir."""
    world = judging.opened().world
    world.send(judging.commit(0, 1), signers=[judging.provider])
    world.warp_to(judging.job_account.lease.expires_slot + 1)
    world.send(job_registry.expire_lease(job=judging.job.address, owner=judging.provider.key))
    heir = world.actor("heir")
    register_provider(world, heir)
    claim(world, heir, judging.job)
    world.send(judging.commit(1, OPERATORS, owner=heir), signers=[heir])
    return judging.drawn()


def test_a_rejection_refunds_the_buyer_and_takes_the_bond(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    bond = exposure(world, judging.job, judging.provider).bond
    staked = stakers.position(world, judging.provider).amount
    vault = world.tokens(judging.job.vault)
    sent = world.send(judging.void(), signers=[judging.cranker])
    assert world.tokens(judging.job.vault) == vault + bond > vault
    assert stakers.position(world, judging.provider).amount == staked - bond
    assert (judging.account.state, judging.job_account.state) == (State.SETTLED, 6)
    account = judging.escrow_account
    paid = {each.party: each.amount for each in account.credits[: account.credit_count]}
    rejecters = {judging.member(ballot).key: NLOV // 10 for ballot, _ in judging.ballots()}
    assert paid == {**rejecters, judging.cranker.key: 3 * NLOV // 100}
    assert account.fee_due == 0
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert (event.outcome, event.blamed) == (Outcome.REJECTED, judging.provider.key)

    before = world.tokens(judging.buyer)
    for party in (*judging.members, judging.cranker):
        judge.withdraw(world, party, judging.job)
    judge.reclaim(world, judging.job)
    terms = judging.job.terms
    locked = terms.price + 9 * terms.verification_fee + 8 * terms.tip
    assert world.tokens(judging.buyer) - before == locked + bond - sum(paid.values())
    world.check_conserved()


def test_a_vote_never_takes_exposed_stake(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    amount = exposure(world, judging.job, judging.provider).amount
    world.send(judging.void(), signers=[judging.cranker])
    held = exposure(world, judging.job, judging.provider)
    assert (held.amount, held.bond, held.slashed) == (amount, 0, 0)


def test_unavailable_data_costs_no_bond(judging: Judging) -> None:
    world = judging.decided(MISSES).drawn().world
    judging.tallied({ballot: MISSES for ballot, _ in judging.ballots(2)})
    staked = stakers.position(world, judging.provider).amount
    sent = world.send(judging.void(), signers=[judging.cranker])
    assert stakers.position(world, judging.provider).amount == staked
    assert (judging.account.state, judging.job_account.state) == (State.SETTLED, 6)
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert event.outcome == Outcome.UNAVAILABLE
    assert event.credited == 6 * NLOV // 10 + 5 * NLOV // 100


def test_the_stage_of_the_median_rejection_is_blamed(judging: Judging) -> None:
    inherited(judging)
    world = judging.world
    heir = world.actor("heir")
    operators = {0: 0, 1: 2, 2: 3}
    judging.tallied({n: (Choice.REJECT, op, 0) for n, op in operators.items()})
    judging.provider, first = heir, judging.provider
    world.fails("BlameMismatch", judging.void(first), signers=[judging.cranker])
    staked = stakers.position(world, heir).amount
    bond = exposure(world, judging.job, heir).bond
    world.send(judging.void(heir), signers=[judging.cranker])
    assert stakers.position(world, heir).amount == staked - bond


def test_a_bond_lost_by_timeout_is_not_lost_again(judging: Judging) -> None:
    inherited(judging)
    world = judging.world
    judging.tallied({n: (Choice.REJECT, 0, 0) for n, _ in judging.ballots()})
    judging.provider, first = world.actor("heir"), judging.provider
    staked = stakers.position(world, first).amount
    world.send(judging.void(first), signers=[judging.cranker])
    assert stakers.position(world, first).amount == staked
    world.check_conserved()


def test_an_accepted_result_is_not_voided(judging: Judging) -> None:
    world = judging.decided().world
    world.fails("NotVoidable", judging.void(), signers=[judging.cranker])


def test_an_undecided_result_is_not_voided(judging: Judging) -> None:
    world = judging.balloting().world
    world.fails("WrongState", judging.void(), signers=[judging.cranker])


def test_voiding_twice_is_refused(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    world.send(judging.void(), signers=[judging.cranker])
    world.fails("WrongState", judging.void(), signers=[judging.cranker])


def test_another_vault_gets_no_bond(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    mallory = world.actor("mallory")
    attempt = with_account(judging.void(), judging.job.vault, mallory.tokens)
    world.fails("JobMismatch", attempt, signers=[judging.cranker])


def test_an_exposure_of_another_job_is_refused(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    other = post_job(world, judging.buyer, judging.job.graph)
    claim(world, judging.provider, other)
    attempt = with_account(
        judging.void(),
        staking.exposure_address(judging.job.address, judging.provider.key),
        staking.exposure_address(other.address, judging.provider.key),
    )
    world.fails("JobMismatch", attempt, signers=[judging.cranker])


def test_another_position_does_not_pay_the_bond(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    attempt = with_account(
        judging.void(),
        staking.position_address(judging.provider.key),
        staking.position_address(judging.members[0].key),
    )
    world.fails("WrongExposure", attempt, signers=[judging.cranker])


def test_attack_6_a_fake_token_program_is_refused(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    attempt = with_account(judging.void(), judging.void().accounts[-1].pubkey, escrow.ID)
    world.fails("InvalidProgramId", attempt, signers=[judging.cranker])


def test_attack_1_the_cranker_must_sign(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    world.fails("AccountNotSigner", unsigned(judging.void(), judging.cranker.key))


def test_voiding_stays_within_its_compute_budget(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    assert world.send(judging.void(), signers=[judging.cranker]).units <= 40_000
