"""A draw is spared once, and no step that ends a job needs a tip."""

import pytest

from idl.client import escrow, staking, verdict
from idl.client.bindings.job_registry import PAID_CRANK_STEPS, JobState
from idl.client.bindings.verdict import Outcome, State
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import exposure, small_graph
from tests.programs.verdict import draw_twin as twin
from tests.programs.verdict.answering import DELAY, Answering
from tests.programs.verdict.disputing import trace_of
from tests.programs.verdict.judging import slot_hash
from tests.programs.verdict.test_draw import give_reputation
from tests.world import NLOV, Actor, World

TRUSTED = 65_536
"""The reputation of a provider that is verified as rarely as possible, Q16."""
LIVES = 12


def spares(answering: Answering) -> bool:
    """Returns whether the beacon would spare a trusted provider in the draw that is due."""
    world = answering.world
    world.warp_to(answering.seed_slot + 1)
    hashed = slot_hash(world, answering.seed_slot)
    seed = twin.seed(hashed, answering.job.salt, answering.account.draws)
    return not twin.is_sampled(seed, TRUSTED, world.parameters.verdict.p_floor_bps)


def test_c9_a_spared_job_is_never_spared_again(world: World) -> None:
    answering = Answering(world).committed()
    give_reputation(answering, TRUSTED)
    committed = world.save()
    spared = again = 0
    for life in range(LIVES):
        world.restore(committed)
        # Another slot of the commit has another hash.
        world.warp(life)
        at = verdict.Verdict.OFFSETS["committed_slot"]
        stakers_slot = (world.slot - 1).to_bytes(8, "little")
        overwrite(world, answering.address, at, stakers_slot)
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


def longest_life(world: World) -> tuple[Answering, list[Actor]]:
    """Returns a job that took every step there is before its end, each by another cranker."""
    graph = small_graph()
    stage = (0, len(graph.descriptors) - 1)
    answering = Answering(world, trace_of(graph, None, stage).witness, seats=9)
    crankers = [world.actor(f"cranker {number}") for number in range(10)]
    answering.committed()
    give_reputation(answering, TRUSTED)
    answering.lapsed()
    world.warp_to(answering.job_account.claim_deadline + 1)
    answering.cranker = crankers[0]
    world.send(answering.expire_job(), signers=[crankers[0]])
    expired = world.save()
    for wait in range(60):
        world.restore(expired)
        at = verdict.Verdict.OFFSETS["committed_slot"]
        adopting = verdict.adopt_partial(cranker=crankers[0].key, job=answering.job.address)
        world.send(adopting, signers=[crankers[0]])
        overwrite(world, answering.address, at, (world.slot + wait).to_bytes(8, "little"))
        if spares(answering):
            break
    judge.draw(world, crankers[1], answering.job)
    assert answering.account.outcome == Outcome.UNSAMPLED
    world.send(answering.demand(), signers=[answering.buyer])
    world.warp(DELAY)
    answering.answered()
    for number in (2, 4, 6):
        if answering.account.state != State.COMMITTED:
            break
        judge.draw(world, crankers[number], answering.job)
        judge.tally(world, crankers[number + 1], answering.job)
    return answering, crankers


def test_c9_the_ninth_step_is_unpaid_and_never_refused(world: World) -> None:
    answering, crankers = longest_life(world)
    account = answering.account
    assert (account.state, account.outcome, account.draws) == (
        State.DECIDED,
        Outcome.UNVERIFIED,
        3,
    )
    world.warp_to(account.window_end + 1)
    late = crankers[9]
    world.send(answering.settle(late), signers=[late])
    assert answering.job_account.state == JobState.SETTLED
    tip = answering.job.offer.tip
    account = answering.account
    assert account.tipped <= PAID_CRANK_STEPS
    locked = exposure(world, answering.job, answering.provider)
    assert locked.amount == 100 * NLOV
    world.send(answering.release_exposure())
    assert stakers.position(world, answering.provider).exposed == 0
    paid = [answering.credited.get(cranker.key, 0) for cranker in crankers]
    assert set(paid) <= {0, tip}
    for party in (answering.provider, *crankers):
        judge.withdraw(world, party, answering.job)
    judge.collect_fee(world, answering.job)
    judge.reclaim(world, answering.job)
    assert not world.exists(answering.job.vault)
    world.check_conserved()


@pytest.mark.parametrize("cranker", ["a new one", "one of the eight"])
def test_c9_eight_tips_are_all_that_is_paid(world: World, cranker: str) -> None:
    answering = Answering(world)
    answering.decided()
