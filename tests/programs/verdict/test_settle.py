from dataclasses import replace

import pytest

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import claim, exposure, post_job
from neurolov_client import escrow, job_registry, shard_of, staking, verdict
from neurolov_client.bindings.job_registry import JobState
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.verdict.judging import ACCEPTS, MISSES, OPERATORS, REJECTS, Judging
from tests.world import NLOV, World, unsigned, with_account
from tests.world.governing import enact

TIP = NLOV // 100
FEE = NLOV // 5


def credits_of(judging: Judging) -> dict[str, int]:
    """Returns each party's credit by the party's name."""
    world = judging.world
    names = {
        actor.key: actor.name
        for actor in (judging.provider, judging.cranker, judging.buyer, *judging.members)
    }
    account = world.fetch(escrow.Escrow, judging.job.escrow)
    return {
        names.get(each.party, str(each.party)): each.amount
        for each in account.credits[: account.credit_count]
    }


def test_an_accepted_result_credits_everyone(judging: Judging) -> None:
    world = judging.decided().world
    world.warp_to(judging.account.window_end + 1)
    sent = world.send(judging.settle(), signers=[judging.cranker])
    price = judging.job_account.lease.price
    fee = -(-price * 500 // 10_000)
    expected = {"provider": price - fee, "cranker": 3 * TIP}
    expected |= {judging.member(ballot).name: FEE for ballot, _ in judging.ballots()}
    assert credits_of(judging) == expected
    account = judging.escrow_account
    assert (account.state, account.fee_due) == (1, fee)
    assert (judging.account.state, judging.job_account.state) == (State.SETTLED, 3)
    event = sent.only(verdict.VerdictSettled)
    assert isinstance(event, verdict.VerdictSettled)
    assert (event.credited, event.fee) == (sum(expected.values()), fee)
    assert event.macs == judging.account.macs


def test_whoever_disagreed_with_the_majority_is_not_paid(judging: Judging) -> None:
    judging.balloting().tallied({0: ACCEPTS, 1: REJECTS, 2: ACCEPTS})
    judge.settle(judging.world, judging.cranker, judging.job)
    credited = credits_of(judging)
    assert judging.member(1).name not in credited
    assert {judging.member(0).name, judging.member(2).name} < credited.keys()


def test_without_a_quorum_provider_and_every_revealed_ballot_are_paid(judging: Judging) -> None:
    judging.balloting().tallied({0: ACCEPTS, 1: REJECTS}).drawn().tallied({}).drawn().tallied({})
    judge.settle(judging.world, judging.cranker, judging.job)
    credited = credits_of(judging)
    assert credited["provider"] > 0
    assert credited[judging.member(0).name] == credited[judging.member(1).name] == FEE
    assert credited["cranker"] == 7 * TIP
    assert len(credited) == 4


def test_every_stage_s_provider_earns_its_share(judging: Judging) -> None:
    world = judging.opened().world
    world.send(judging.commit(0, 1), signers=[judging.provider])
    heir = judging.lapsed().heir
    claim(world, heir, judging.job)
    world.send(judging.commit(1, OPERATORS, owner=heir), signers=[heir])
    judging.drawn()
    judging.tallied({ballot: ACCEPTS for ballot, _ in judging.ballots()})
    first, second = judging.account.stages[:2]
    judge.settle(world, judging.cranker, judging.job)
    credited = credits_of(judging)
    for stage, name in ((first, "provider"), (second, str(heir.key))):
        gross = stage.price * stage.macs // judging.account.macs
        assert credited[name] == gross - -(-gross * 500 // 10_000)


def test_nothing_credited_exceeds_what_was_locked(world: World) -> None:
    judging = Judging(world, verifiers=5, paid_urgency=2 * NLOV).settled()
    account = judging.escrow_account
    locked = account.price + account.verification + account.tips + account.urgency
    assert account.credited + account.fee <= locked
    assert judging.job_account.lease.price == account.urgency + NLOV - 1 or account.credited > 0
    world.check_conserved()


def test_settling_twice_is_refused(judging: Judging) -> None:
    world = judging.settled().world
    world.fails("WrongState", judging.settle(), signers=[judging.cranker])


def test_a_rejection_that_nobody_proves_pays_provider_and_accepters(judging: Judging) -> None:
    world = judging.balloting().tallied({0: REJECTS, 1: ACCEPTS, 2: REJECTS}).world
    held = exposure(world, judging.job, judging.provider)
    staked = stakers.position(world, judging.provider).amount
    address = job_registry.provider_address(judging.provider.key)
    before = world.fetch(job_registry.Provider, address)
    window = judging.account.window_end
    world.warp_to(window)
    world.fails("WindowOpen", judging.settle(), signers=[judging.cranker])
    world.warp(1)
    world.fails("WrongState", judging.void(), signers=[judging.cranker])
    sent = world.send(judging.settle(), signers=[judging.cranker])
    price = judging.job_account.lease.price
    fee = -(-price * 500 // 10_000)
    accepter = judging.member(1).name
    assert credits_of(judging) == {"provider": price - fee, accepter: FEE, "cranker": 3 * TIP}
    account = judging.account
    assert (account.state, account.outcome) == (State.SETTLED, Outcome.UNPROVEN)
    assert (account.window_end, judging.job_account.state) == (window, 3)
    assert exposure(world, judging.job, judging.provider) == held
    assert stakers.position(world, judging.provider).amount == staked
    after = world.fetch(job_registry.Provider, address)
    assert (after.completed, after.failed) == (before.completed + 1, before.failed)
    event = sent.only(verdict.VerdictSettled)
    assert isinstance(event, verdict.VerdictSettled)
    assert (event.outcome, event.fee) == (Outcome.UNPROVEN, fee)
    assert sent.units <= 40_000
    for ballot, _ in judging.ballots():
        world.send(judging.release(ballot))
        owner = stakers.position(world, judging.member(ballot))
        assert (owner.amount, owner.exposed) == (1_000 * NLOV, 0)
    world.check_conserved()


def test_missing_data_is_not_settled(judging: Judging) -> None:
    world = judging.decided(MISSES).world
    world.warp_to(judging.account.availability.deadline + 1)
    world.fails("WrongState", judging.settle(), signers=[judging.cranker])


def test_an_undecided_result_is_not_settled(judging: Judging) -> None:
    world = judging.balloting().world
    world.fails("WrongState", judging.settle(), signers=[judging.cranker])


@pytest.mark.parametrize("early", [0, 1])
def test_attack_21_the_window_must_pass(judging: Judging, early: int) -> None:
    world = judging.decided().world
    world.warp_to(judging.account.window_end - early)
    world.fails("WindowOpen", judging.settle(), signers=[judging.cranker])
    world.warp(early + 1)
    world.send(judging.settle(), signers=[judging.cranker])


def test_another_job_s_escrow_is_refused(judging: Judging) -> None:
    world = judging.decided().world
    other = post_job(world, judging.buyer, judging.job.graph)
    world.warp_to(judging.account.window_end + 1)
    attempt = with_account(judging.settle(), judging.job.escrow, other.escrow)
    world.fails("JobMismatch", attempt, signers=[judging.cranker])


def test_another_job_is_refused(judging: Judging) -> None:
    world = judging.decided().world
    other = post_job(world, judging.buyer, judging.job.graph)
    world.warp_to(judging.account.window_end + 1)
    attempt = with_account(judging.settle(), judging.job.address, other.address)
    world.fails("JobMismatch", attempt, signers=[judging.cranker])


def test_another_provider_s_record_is_refused(judging: Judging) -> None:
    world, rival = judging.decided().world, judging.heir
    world.warp_to(judging.account.window_end + 1)
    attempt = with_account(
        judging.settle(),
        job_registry.provider_address(judging.provider.key),
        job_registry.provider_address(rival.key),
    )
    world.fails("WrongProvider", attempt, signers=[judging.cranker])


def test_attack_4_another_account_is_no_terms(judging: Judging) -> None:
    world = judging.decided().world
    world.warp_to(judging.account.window_end + 1)
    attempt = with_account(judging.settle(), judging.terms, staking.pool_address())
    world.fails("AccountDiscriminatorMismatch", attempt, signers=[judging.cranker])


def test_attack_6_a_fake_escrow_program_is_refused(judging: Judging) -> None:
    world = judging.decided().world
    world.warp_to(judging.account.window_end + 1)
    attempt = with_account(judging.settle(), escrow.ID, job_registry.ID)
    world.fails("InvalidProgramId", attempt, signers=[judging.cranker])


def test_attack_1_the_cranker_must_sign(judging: Judging) -> None:
    world = judging.decided().world
    world.warp_to(judging.account.window_end + 1)
    world.fails("AccountNotSigner", unsigned(judging.settle(), judging.cranker.key))


def test_escrow_and_registry_obey_verdict_alone(judging: Judging) -> None:
    world = judging.decided().world
    mallory = world.actor("mallory")
    credit = escrow.Credit(party=mallory.key, amount=1)
    forged = escrow.settle(
        credits=(credit,),
        fee=0,
        extra=0,
        finalise=True,
        escrow=judging.job.escrow,
        authority=mallory.key,
    )
    world.fails("WrongCaller", forged, signers=[mallory])
    forged = job_registry.conclude(
        outcome=JobState.SETTLED,
        paid_macs=1,
        blamed=mallory.key,
        terms=judging.terms,
        job=judging.job.address,
        provider=job_registry.provider_address(judging.provider.key),
        utilisation=job_registry.utilisation_address(shard_of(judging.job.address)),
        authority=mallory.key,
    )
    world.fails("Unauthorized", forged, signers=[mallory])


def test_settling_stays_within_its_compute_budget(world: World) -> None:
    judging = Judging(world, verifiers=5).decided()
    world.warp_to(judging.account.window_end + 1)
    assert world.send(judging.settle(), signers=[judging.cranker]).units <= 40_000


def test_the_fullest_settlement_stays_within_its_compute_budget(world: World) -> None:
    judging = Judging(world, seats=15, verifiers=5).balloting()
    split = (ACCEPTS, REJECTS, ACCEPTS, REJECTS, MISSES)
    for draw in (1, 2, 3):
        numbers = [number for number, _ in judging.ballots(draw)]
        judging.tallied(dict(zip(numbers, split, strict=True)))
        if judging.account.state == State.COMMITTED:
            judging.drawn()
    world.warp_to(judging.account.window_end + 1)
    assert judging.account.ballot_count == 15
    assert world.send(judging.settle(), signers=[judging.cranker]).units <= 40_000


def test_the_fee_is_that_of_the_job_s_terms(judging: Judging) -> None:
    world = judging.decided().world
    kept, price = judging.terms, judging.job_account.lease.price
    doubled = replace(world.parameters.escrow, fee_bps=1_000)
    enact(world, replace(world.parameters, escrow=doubled))
    assert world.terms != kept
    newer = with_account(judging.settle(), kept, world.terms)
    world.fails("WrongTerms", newer, signers=[judging.cranker])
    world.send(judging.settle(), signers=[judging.cranker])
    fee = -(-price * 500 // 10_000)
    assert judging.escrow_account.fee_due == fee
    assert judging.credited[judging.provider.key] == price - fee


def test_nothing_that_is_credited_changes_with_the_terms(world: World) -> None:
    judging = Judging(world).committed()
    before = world.save()
    judging.drawn().tallied({ballot: ACCEPTS for ballot, _ in judging.ballots()})
    judge.settle(world, judging.cranker, judging.job)
    unchanged = sorted(judging.credited.values())
    world.restore(before)
    present = world.parameters
    enact(
        world,
        replace(
            present,
            escrow=replace(
                present.escrow, fee_bps=1_000, posting_fee=present.escrow.posting_fee * 2
            ),
            job_registry=replace(present.job_registry, kappa=30, reputation_ref=2 * NLOV),
            verdict=replace(
                present.verdict,
                ballot_exposure=15 * NLOV,
                ballot_rent_bps=300,
                silence_fee=NLOV // 5,
                ballot_slots=200,
                reveal_slots=80,
                challenge_slots=40,
            ),
        ),
    )
    world.parameters = present
    kept = world.fetch(staking.Terms, judging.terms).parameters.verdict
    judging.drawn()
    account = judging.account
    assert account.ballot_deadline == world.slot + kept.ballot_slots == world.slot + 150
    assert account.reveal_deadline == account.ballot_deadline + kept.reveal_slots
    world.send(judging.cast(0), signers=[judging.member(0)])
    held = exposure(world, judging.job, judging.member(0))
    assert (held.amount, held.bond) == (10 * NLOV, NLOV // 10)
    for ballot in (1, 2):
        world.send(judging.cast(ballot), signers=[judging.member(ballot)])
    world.warp(1)
    for ballot in range(3):
        world.send(judging.reveal(ballot))
    world.send(judging.tally(), signers=[judging.cranker])
    assert judging.account.window_end == world.slot + 20
    judge.settle(world, judging.cranker, judging.job)
    assert sorted(judging.credited.values()) == unchanged
