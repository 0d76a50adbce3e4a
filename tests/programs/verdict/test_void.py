import pytest
from solders.pubkey import Pubkey

from idl.client import escrow, job_registry, staking, verdict
from keeper.jobs.questions import QUESTIONS
from kernels.graph import GraphBuilder
from kernels.graph.topology import MAX_OPERATORS
from tests.kernels.record import int8
from tests.programs.verdict.answering import Answering
from tests.programs.verdict.disputing import Disputing, trace_of
from tests.programs.verdict.judging import MISSES, REJECTS, Judging
from tests.world import NLOV, Actor, World, stakers, unsigned, with_account
from tests.world import judgement as judge
from tests.world.judgement import Outcome, State
from tests.world.marketplace import (
    claim,
    exposure,
    post_job,
    register_graph,
    register_provider,
    small_graph,
)

ONE = 65_536


def silent(answering: Answering, *answered: int) -> Answering:
    """Asked, and the time to answer over with these answers alone."""
    answering.asked()
    if answered:
        answering.answered(*answered)
    answering.world.warp_to(answering.availability.deadline + 1)
    return answering


def inherited(world: World) -> Answering:
    """Operators 0 and 1 by the first provider, whose lease expires; the rest by an heir."""
    answering = Answering(world, trace_of(small_graph(), None, (0, 2), (2, 4)).witness)
    first, second = answering.claim.stages
    judge.commit(world, answering.provider, answering.job, last=2, root=first.root)
    world.warp_to(answering.job_account.lease.expires_slot + 1)
    world.send(job_registry.expire_lease(job=answering.job.address, owner=answering.provider.key))
    heir = world.actor("heir")
    register_provider(world, heir)
    claim(world, heir, answering.job)
    judge.commit(world, heir, answering.job, first=2, root=second.root)
    answering.drawn()
    answering.tallied({ballot: MISSES for ballot, _ in answering.ballots()})
    world.warp_to(answering.availability.asked_slot + 3)
    return answering


def rating(world: World, owner: Actor) -> job_registry.Provider:
    return world.fetch(job_registry.Provider, job_registry.provider_address(owner.key))


def test_missing_data_refunds_the_buyer_and_takes_the_bond(answering: Answering) -> None:
    world = silent(answering).world
    held = exposure(world, answering.job, answering.provider)
    staked = stakers.position(world, answering.provider).amount
    vault, failed = world.tokens(answering.job.vault), rating(world, answering.provider).failed
    sent = world.send(answering.void(), signers=[answering.cranker])
    assert world.tokens(answering.job.vault) == vault + held.bond > vault
    assert stakers.position(world, answering.provider).amount == staked - held.bond
    left = exposure(world, answering.job, answering.provider)
    assert (left.amount, left.bond, left.slashed) == (held.amount, 0, 0)
    assert (answering.account.state, answering.job_account.state) == (State.SETTLED, 6)
    assert answering.account.outcome == Outcome.UNAVAILABLE
    assert rating(world, answering.provider).failed == failed + 1
    account = answering.escrow_account
    paid = {each.party: each.amount for each in account.credits[: account.credit_count]}
    missed = {answering.member(ballot).key: NLOV // 10 for ballot, _ in answering.ballots()}
    assert paid == {**missed, answering.cranker.key: 3 * NLOV // 100}
    assert account.fee_due == 0
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert (event.outcome, event.blamed) == (Outcome.UNAVAILABLE, answering.provider.key)
    assert (event.forfeited, event.credited) == (True, sum(paid.values()))

    before = world.tokens(answering.buyer)
    for party in (*answering.members, answering.cranker):
        judge.withdraw(world, party, answering.job)
    judge.reclaim(world, answering.job)
    terms = answering.job.terms
    locked = terms.price + 9 * terms.verification_fee + 8 * terms.tip
    assert world.tokens(answering.buyer) - before == locked + held.bond - sum(paid.values())
    world.check_conserved()


def test_one_answer_too_few_is_none(answering: Answering) -> None:
    world = silent(answering, *range(QUESTIONS - 1)).world
    staked = stakers.position(world, answering.provider).amount
    bond = exposure(world, answering.job, answering.provider).bond
    world.send(answering.void(), signers=[answering.cranker])
    assert stakers.position(world, answering.provider).amount == staked - bond < staked


@pytest.mark.parametrize("early", [0, 1])
def test_attack_21_the_time_to_answer_must_pass(answering: Answering, early: int) -> None:
    world = answering.asked().world
    world.warp_to(answering.availability.deadline - early)
    world.fails("AnswersOpen", answering.void(), signers=[answering.cranker])
    world.warp(early + 1)
    world.send(answering.void(), signers=[answering.cranker])


def test_data_missed_twice_costs_no_stake(answering: Answering) -> None:
    world = answering.asked().answered().drawn().world
    answering.tallied({ballot: MISSES for ballot, _ in answering.ballots(2)})
    account = answering.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNAVAILABLE)
    held = exposure(world, answering.job, answering.provider)
    staked = stakers.position(world, answering.provider).amount
    sent = world.send(answering.void(), signers=[answering.cranker])
    assert exposure(world, answering.job, answering.provider) == held
    assert stakers.position(world, answering.provider).amount == staked
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert (event.outcome, event.forfeited) == (Outcome.UNAVAILABLE, False)
    assert event.credited == 6 * NLOV // 10 + 5 * NLOV // 100
    world.send(
        job_registry.release_exposure(job=answering.job.address, owner=answering.provider.key)
    )
    position = stakers.position(world, answering.provider)
    assert (position.amount, position.exposed) == (staked, 0)


@pytest.mark.parametrize("culprit", ["provider", "heir"])
def test_who_owes_the_first_answer_is_blamed(world: World, culprit: str) -> None:
    answering = inherited(world)
    by = {True: answering.provider, False: world.actor("heir")}
    owners = [by[answering.question(index)[0] < 2] for index in range(QUESTIONS)]
    blamed = world.actor(culprit)
    first = next(index for index, owner in enumerate(owners) if owner == blamed)
    innocent = next(owner for owner in by.values() if owner != blamed)
    if first:
        answering.answered(*range(first))
    world.warp_to(answering.availability.deadline + 1)
    world.fails("BlameMismatch", answering.void(innocent), signers=[answering.cranker])
    mixed = with_account(
        answering.void(blamed),
        job_registry.provider_address(blamed.key),
        job_registry.provider_address(innocent.key),
    )
    world.fails("WrongProvider", mixed, signers=[answering.cranker])
    staked = {owner.name: stakers.position(world, owner).amount for owner in by.values()}
    bond = exposure(world, answering.job, blamed).bond
    before = {owner.name: rating(world, owner) for owner in by.values()}
    world.send(answering.void(blamed), signers=[answering.cranker])
    assert stakers.position(world, blamed).amount == staked[blamed.name] - bond
    assert stakers.position(world, innocent).amount == staked[innocent.name]
    assert rating(world, blamed).failed == before[blamed.name].failed + 1
    assert rating(world, innocent) == before[innocent.name]
    world.check_conserved()


def test_questions_whose_hash_is_gone_are_asked_by_a_later_one(world: World) -> None:
    answering = inherited(world)
    world.warp_to(answering.availability.asked_slot + 2 + 512 + 1 + 600)
    operator, _ = answering.question(0)
    blamed = answering.provider if operator < 2 else world.actor("heir")
    staked = stakers.position(world, blamed).amount
    sent = world.send(answering.void(blamed), signers=[answering.cranker])
    assert answering.availability.seed != bytes(32)
    event = sent.only(verdict.VerdictVoided)
    assert isinstance(event, verdict.VerdictVoided)
    assert (event.blamed, event.forfeited) == (blamed.key, True)
    taken = staked - stakers.position(world, blamed).amount
    # the first provider's bond went with its lease
    assert (taken > 0) == (blamed != answering.provider)


def test_a_proof_rates_who_lied_whoever_finished_the_job(world: World) -> None:
    lying = trace_of(small_graph(), {1: {5}}, (0, 2), (2, 4)).witness
    disputing = Disputing(world, lying)
    first, second = disputing.claim.stages
    judge.commit(world, disputing.provider, disputing.job, last=2, root=first.root)
    world.warp_to(disputing.job_account.lease.expires_slot + 1)
    world.send(job_registry.expire_lease(job=disputing.job.address, owner=disputing.provider.key))
    heir = world.actor("heir")
    register_provider(world, heir)
    claim(world, heir, disputing.job)
    judge.commit(world, heir, disputing.job, first=2, root=second.root)
    address = job_registry.provider_address(disputing.provider.key)
    before = {owner.name: rating(world, owner) for owner in (disputing.provider, heir)}
    disputing.challenge().proven(world)
    world.send(disputing.slash())
    world.send(disputing.void(), signers=[disputing.cranker])
    assert world.fetch(job_registry.Provider, address).failed == before["provider"].failed + 1
    assert rating(world, heir) == before["heir"]
    assert rating(world, heir).reputation <= ONE


def test_a_rejection_alone_voids_nothing(judging: Judging) -> None:
    world = judging.decided(REJECTS).world
    world.fails("WrongState", judging.void(), signers=[judging.cranker])
    world.warp_to(judging.account.window_end + 1)
    world.fails("WrongState", judging.void(), signers=[judging.cranker])


def test_an_accepted_result_is_not_voided(judging: Judging) -> None:
    world = judging.decided().world
    world.fails("NotVoidable", judging.void(), signers=[judging.cranker])


def test_an_undecided_result_is_not_voided(judging: Judging) -> None:
    world = judging.balloting().world
    world.fails("WrongState", judging.void(), signers=[judging.cranker])


def test_voiding_twice_is_refused(answering: Answering) -> None:
    world = silent(answering).world
    world.send(answering.void(), signers=[answering.cranker])
    world.fails("WrongState", answering.void(), signers=[answering.cranker])


def test_another_vault_gets_no_bond(answering: Answering) -> None:
    world = silent(answering).world
    mallory = world.actor("mallory")
    attempt = with_account(answering.void(), answering.job.vault, mallory.tokens)
    world.fails("JobMismatch", attempt, signers=[answering.cranker])


def test_an_exposure_of_another_job_is_refused(answering: Answering) -> None:
    world = silent(answering).world
    other = post_job(world, answering.buyer, answering.job.graph)
    claim(world, answering.provider, other)
    attempt = with_account(
        answering.void(),
        staking.exposure_address(answering.job.address, answering.provider.key),
        staking.exposure_address(other.address, answering.provider.key),
    )
    world.fails("JobMismatch", attempt, signers=[answering.cranker])


def test_another_graph_is_refused(answering: Answering) -> None:
    world = silent(answering).world
    other = register_graph(world, world.actor("author"))
    attempt = with_account(answering.void(), answering.job.graph, other)
    world.fails("JobMismatch", attempt, signers=[answering.cranker])


def test_another_position_does_not_pay_the_bond(answering: Answering) -> None:
    world = silent(answering).world
    attempt = with_account(
        answering.void(),
        staking.position_address(answering.provider.key),
        staking.position_address(answering.members[0].key),
    )
    world.fails("WrongExposure", attempt, signers=[answering.cranker])


def test_attack_3_other_slot_hashes_are_refused(answering: Answering) -> None:
    world = silent(answering).world
    sysvar = Pubkey.from_string("SysvarS1otHashes111111111111111111111111111")
    attempt = with_account(answering.void(), sysvar, answering.provider.key)
    world.fails("ConstraintAddress", attempt, signers=[answering.cranker])


def test_attack_6_a_fake_token_program_is_refused(answering: Answering) -> None:
    world = silent(answering).world
    attempt = with_account(answering.void(), answering.void().accounts[-1].pubkey, escrow.ID)
    world.fails("InvalidProgramId", attempt, signers=[answering.cranker])


def test_attack_1_the_cranker_must_sign(answering: Answering) -> None:
    world = silent(answering).world
    world.fails("AccountNotSigner", unsigned(answering.void(), answering.cranker.key))


def test_voiding_stays_within_its_compute_budget_however_large_the_graph(world: World) -> None:
    build = GraphBuilder()
    layer = build.requantise(build.matmul(build.input((4, 8)), int8(6, 8)), 2**30, 36)
    for _ in range(MAX_OPERATORS - 2):
        layer = build.relu(layer)
    answering = silent(Answering(world, trace_of(build.build()).witness))
    assert world.send(answering.void(), signers=[answering.cranker]).units <= 45_000
