from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import (
    claim,
    exposure,
    post_job,
    small_graph,
)
from neurolov_client import escrow, job_registry, staking, verdict
from neurolov_client.bindings.job_registry import REPUTATION_ONE
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.verdict.answering import Answering
from tests.programs.verdict.disputing import Disputing, trace_of
from tests.programs.verdict.judging import MISSES, REJECTS, Judging
from tests.world import NLOV, Actor, World, unsigned, with_account


def convicted(answering: Answering) -> Answering:
    """A job whose data was not shown in time, so that its provider was slashed."""
    answering.expired()
    answering.world.send(answering.slash())
    return answering


def rating(world: World, owner: Actor) -> job_registry.Provider:
    return world.fetch(job_registry.Provider, job_registry.provider_address(owner.key))


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
    assert event.credited == 6 * NLOV // 5 + 5 * NLOV // 100
    world.send(answering.release_exposure())
    position = stakers.position(world, answering.provider)
    assert (position.amount, position.exposed) == (staked, 0)


def test_a_proof_rates_who_lied_whoever_finished_the_job(world: World) -> None:
    lying = trace_of(small_graph(), {1: {5}}, (0, 2), (2, 4)).witness
    disputing = Disputing(world, lying)
    first, second = disputing.claim.stages
    judge.commit(world, disputing.provider, disputing.job, last=2, root=first.root)
    heir = disputing.lapsed().heir
    claim(world, heir, disputing.job)
    judge.commit(world, heir, disputing.job, first=2, root=second.root)
    address = job_registry.provider_address(disputing.provider.key)
    before = {owner.name: rating(world, owner) for owner in (disputing.provider, heir)}
    disputing.challenge().proven(world)
    world.send(disputing.slash())
    world.send(disputing.void(), signers=[disputing.cranker])
    assert world.fetch(job_registry.Provider, address).failed == before["provider"].failed + 1
    assert rating(world, heir) == before["heir"]
    assert rating(world, heir).reputation <= REPUTATION_ONE


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
    world = convicted(answering).world
    world.send(answering.void(), signers=[answering.cranker])
    world.fails("WrongState", answering.void(), signers=[answering.cranker])


def test_another_vault_gets_no_bond(answering: Answering) -> None:
    world = convicted(answering).world
    mallory = world.actor("mallory")
    for elsewhere in (mallory.tokens, answering.job.vault):
        attempt = with_account(answering.void(), answering.fee_vault, elsewhere)
        world.fails("JobMismatch", attempt, signers=[answering.cranker])


def test_an_exposure_of_another_job_is_refused(answering: Answering) -> None:
    world = convicted(answering).world
    other = post_job(world, answering.buyer, answering.job.graph)
    claim(world, answering.provider, other)
    attempt = with_account(
        answering.void(),
        staking.exposure_address(answering.job.address, answering.provider.key),
        staking.exposure_address(other.address, answering.provider.key),
    )
    world.fails("JobMismatch", attempt, signers=[answering.cranker])


def test_another_position_does_not_pay_the_bond(answering: Answering) -> None:
    world = convicted(answering).world
    attempt = with_account(
        answering.void(),
        staking.position_address(answering.provider.key),
        staking.position_address(answering.members[0].key),
    )
    world.fails("WrongExposure", attempt, signers=[answering.cranker])


def test_attack_6_a_fake_token_program_is_refused(answering: Answering) -> None:
    world = convicted(answering).world
    attempt = with_account(answering.void(), answering.void().accounts[-1].pubkey, escrow.ID)
    world.fails("InvalidProgramId", attempt, signers=[answering.cranker])


def test_attack_1_the_cranker_must_sign(answering: Answering) -> None:
    world = convicted(answering).world
    world.fails("AccountNotSigner", unsigned(answering.void(), answering.cranker.key))


def test_voiding_stays_within_its_compute_budget(answering: Answering) -> None:
    world = convicted(answering).world
    assert world.send(answering.void(), signers=[answering.cranker]).units <= 40_000
