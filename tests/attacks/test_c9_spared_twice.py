"""A draw is spared once, and no step that ends a job needs a tip."""

import pytest

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import exposure, small_graph
from neurolov_client import verdict
from neurolov_client.bindings.job_registry import MAX_DRAWS, PAID_CRANK_STEPS, JobState
from neurolov_client.bindings.verdict import Outcome, State
from tests.programs.verdict import draw_twin as twin
from tests.programs.verdict.answering import DELAY, Answering
from tests.programs.verdict.disputing import trace_of
from tests.programs.verdict.judging import slot_hash
from tests.programs.verdict.test_draw import give_reputation
from tests.world import NLOV, Actor, World
from tests.world.editing import overwrite

TRUSTED = 65_536
"""The reputation of a provider that is verified as rarely as possible, Q16."""
LIVES = 12


def delay(answering: Answering, slots: int) -> None:
    """Moves the commit `slots` later, where another slot's hash decides."""
    later = (answering.account.committed_slot + slots).to_bytes(8, "little")
    at = verdict.Verdict.OFFSETS["committed_slot"]
    overwrite(answering.world, answering.address, at, later)


def spares(answering: Answering) -> bool:
    """Returns whether the beacon would spare a trusted provider in the draw that is due."""
    world = answering.world
    world.warp_to(answering.seed_slot + 1)
    hashed = slot_hash(world, answering.seed_slot)
    seed = twin.seed(hashed, answering.job.salt, answering.account.draws)
    return not twin.is_sampled(seed, TRUSTED, world.parameters.verdict.p_floor_bps)


def test_c9_a_spared_job_is_never_spared_again(world: World) -> None:
    answering = Answering(world)
    answering.committed()
    give_reputation(answering, TRUSTED)
    committed = world.save()
    spared = again = 0
    for life in range(LIVES):
        world.restore(committed)
        delay(answering, life)
        if not spares(answering):
            continue
        judge.draw(world, answering.cranker, answering.job)
        account = answering.account
        assert (account.outcome, account.draws) == (Outcome.UNSAMPLED, 1)
        spared += 1
        world.send(answering.demand(), signers=[answering.buyer])
        world.warp(DELAY)
        answering.answered()
        assert (answering.account.state, answering.account.draws) == (State.COMMITTED, 1)
        again += spares(answering)
        judge.draw(world, answering.cranker, answering.job)
        account = answering.account
        assert (account.state, account.outcome) == (State.BALLOTING, Outcome.NONE)
        assert (account.draws, account.ballot_count) == (2, 3)
    # The beacon would have spared most of them once more.
    assert spared >= 8
    assert again >= 6


def adopted(world: World) -> Answering:
    """Returns a job whose provider left a partial result, which the beacon spares."""
    graph = small_graph()
    stage = (0, len(graph.descriptors) - 1)
    answering = Answering(world, trace_of(graph, None, stage).witness, seats=9)
    answering.committed()
    give_reputation(answering, TRUSTED)
    answering.lapsed()
    world.warp_to(answering.job_account.claim_deadline + 1)
    world.send(answering.expire_job(), signers=[answering.cranker])
    adopting = verdict.adopt_partial(cranker=answering.cranker.key, job=answering.job.address)
    world.send(adopting, signers=[answering.cranker])
    before = world.save()
    for life in range(60):
        world.restore(before)
        delay(answering, life)
        if spares(answering):
            return answering
    raise AssertionError("the beacon spared none of 60 lives")


def test_c9_after_sparing_two_draws_remain_and_the_job_ends(world: World) -> None:
    answering = adopted(world)
    steps = [world.actor(f"cranker {number}") for number in range(6)]
    judge.draw(world, steps[0], answering.job)
    assert answering.account.outcome == Outcome.UNSAMPLED
    world.send(answering.demand(), signers=[answering.buyer])
    world.warp(DELAY)
    answering.answered()
    for number in (1, 3):
        judge.draw(world, steps[number], answering.job)
        judge.tally(world, steps[number + 1], answering.job)
    account = answering.account
    assert (account.state, account.outcome) == (State.DECIDED, Outcome.UNVERIFIED)
    assert (account.draws, account.tipped) == (MAX_DRAWS, 6)
    judge.settle(world, steps[5], answering.job)
    ended(answering, [answering.cranker, *steps], tips=7)


@pytest.mark.parametrize("late", ["a new cranker", "one of the eight"])
def test_c9_a_step_beyond_the_tips_is_taken_for_nothing(world: World, late: str) -> None:
    answering = Answering(world, seats=9)
    answering.committed()
    steps = [world.actor(f"cranker {number}") for number in range(PAID_CRANK_STEPS)]
    # As many steps as the buyer locked tips for, before those that end the job.
    listed = b"".join(bytes(each.key) + (1).to_bytes(8, "little") for each in steps)
    offsets = verdict.Verdict.OFFSETS
    overwrite(world, answering.address, offsets["crankers"], listed)
    for counter in ("cranker_count", "tipped"):
        overwrite(world, answering.address, offsets[counter], bytes([PAID_CRANK_STEPS]))
    unpaid = world.actor("late") if late == "a new cranker" else steps[0]
    for _ in range(MAX_DRAWS):
        judge.draw(world, unpaid, answering.job)
        judge.tally(world, unpaid, answering.job)
    assert answering.account.outcome == Outcome.UNVERIFIED
    judge.settle(world, unpaid, answering.job)
    account = answering.account
    assert (account.tipped, account.cranker_count) == (PAID_CRANK_STEPS, PAID_CRANK_STEPS)
    assert {each.steps for each in account.crankers} == {1}
    ended(answering, [*steps, world.actor("late")], tips=PAID_CRANK_STEPS)


def ended(answering: Answering, crankers: list[Actor], *, tips: int) -> None:
    """Asserts that each cranker has at most a tip, and that no stake or money is left behind."""
    world = answering.world
    assert answering.job_account.state == JobState.SETTLED
    tip = answering.job.offer.tip
    paid = [answering.credited.get(cranker.key, 0) for cranker in crankers]
    assert sum(paid) == tips * tip
    locked = exposure(world, answering.job, answering.provider)
    assert locked.amount == 25 * answering.job.offer.price == 100 * NLOV
    world.send(answering.release_exposure())
    assert stakers.position(world, answering.provider).exposed == 0
    for party in (answering.provider, *crankers):
        judge.withdraw(world, party, answering.job)
    judge.collect_fee(world, answering.job)
    judge.reclaim(world, answering.job)
    assert not world.exists(answering.job.vault)
    judge.report_all(world, answering.job)
    world.send(answering.close())
    assert not world.exists(answering.address)
    world.check_conserved()
