"""A stolen authority.

It once changed parameters at once, for running work too. A fee of 100 % left a provider 0 of 1
$NLOV, and answers that were due within 4 slots cost an honest provider 25.4 $NLOV.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market import jobs as market
from keeper.lab.market import judgement as judge
from keeper.lab.market.stakers import committee, pool, position, snapshot
from neurolov_client import escrow, shard_of, staking, verdict
from neurolov_client.bindings.verdict import Choice, Outcome, State
from tests.programs.staking.seats import closing, let_snapshots_pass, vacating
from tests.world import NLOV, Actor, World, with_account
from tests.world.governing import applying, queue, queueing, terms_numbered

STAKED = 1_000 * NLOV
MOST = 2**64 - 1


def changed(part: str, **values: Any) -> staking.Parameters:
    """Returns localnet's parameters with these of one program changed."""
    program = replace(getattr(LOCALNET_PARAMETERS, part), **values)
    return replace(LOCALNET_PARAMETERS, **{part: program})


@dataclass(frozen=True, slots=True)
class Running:
    """A job that is claimed under terms 0 while terms 1 are current."""

    world: World
    members: dict[int, Actor]
    provider: Actor
    cranker: Actor
    job: market.PostedJob

    def judged(self, choice: Choice) -> None:
        """Lets the provider commit, and all verifiers vote alike."""
        judge.commit(self.world, self.provider, self.job)
        judge.draw(self.world, self.cranker, self.job)
        judge.ballots(self.world, self.members, self.job, choice)
        judge.tally(self.world, self.cranker, self.job)


def running(world: World, parameters: staking.Parameters) -> Running:
    """Posts and claims a job just before `parameters` come into force."""
    members = dict(enumerate(committee(world, 4)))
    provider, cranker = world.actor("provider"), world.actor("cranker")
    graph = market.register_graph(world, world.actor("author"))
    market.register_provider(world, provider)
    queue(world, parameters)
    world.warp_to(terms_numbered(world, 1).applies_slot - 70)
    job = market.post_job(world, world.actor("buyer", tokens=10 * NLOV), graph)
    market.claim(world, provider, job)
    world.warp_to(terms_numbered(world, 1).applies_slot)
    world.send(applying(world))
    snapshot(world)
    return Running(world, members, provider, cranker, job)


@pytest.mark.parametrize(
    ("part", "values"),
    [
        pytest.param("escrow", {"fee_bps": 10_000}, id="a-fee-of-everything"),
        pytest.param("verdict", {"answer_slots": 4}, id="b-no-time-to-answer"),
        pytest.param("staking", {"unbonding_slots": MOST}, id="c-stake-frozen-for-ever"),
        pytest.param("job_registry", {"kappa": 65_535}, id="d-kappa-of-65535"),
        pytest.param("job_registry", {"min_registration_windows": MOST}, id="e-nobody-may-claim"),
        pytest.param("redundancy", {"run_slots": 1}, id="f-runs-that-always-time-out"),
        pytest.param("redundancy", {"reveal_slots": 1}, id="f-reveals-that-always-time-out"),
    ],
)
def test_c5_numbers_that_take_from_others_are_out_of_bounds(
    world: World, part: str, values: dict[str, int]
) -> None:
    attempt = queueing(world, changed(part, **values))
    world.fails("OutOfBounds", attempt, signers=[world.authority])
    assert (pool(world).terms, world.exists(staking.terms_address(1))) == (0, False)


def test_c5_a_floor_that_a_later_kappa_allows_does_not_reach_running_leases(world: World) -> None:
    """Attack d: whoever lied under the old exposure would be verified under the new floor."""
    low = changed("verdict", p_floor_bps=1, collusion_bps=0)
    world.fails("SamplingTooLow", queueing(world, low), signers=[world.authority])
    fewer = replace(
        changed("job_registry", kappa=50),
        verdict=replace(LOCALNET_PARAMETERS.verdict, p_floor_bps=520),
    )
    life = running(world, fewer)
    judge.commit(life.world, life.provider, life.job)
    assert market.exposure(world, life.job, life.provider).amount == 25 * life.job.offer.price
    drawing = verdict.draw(
        salt=life.job.salt,
        cranker=life.cranker.key,
        verdict=verdict.verdict_address(life.job.address),
        terms=world.terms,
        even=staking.snapshot_address(0),
        odd=staking.snapshot_address(1),
    )
    world.warp(50)
    world.fails("WrongTerms", drawing, signers=[life.cranker])
    world.send(with_account(drawing, world.terms, staking.terms_address(0)), signers=[life.cranker])


def test_c5_windows_are_no_parameter(world: World) -> None:
    """Attack g: with one slot per epoch both snapshots could be replaced after a draw's seed."""
    names = {
        each.name
        for part in fields(staking.Parameters)
        for each in fields(getattr(LOCALNET_PARAMETERS, part.name))
    }
    assert not {name for name in names if "checkpoint" in name or "epoch" in name}
    life = running(world, changed("staking", unbonding_slots=400))
    assert pool(life.world).checkpoint_slots == CHECKPOINT_SLOTS
    assert terms_numbered(life.world, 1).checkpoint_slots == CHECKPOINT_SLOTS


def test_c5_changes_wait_until_whoever_disagrees_has_left(world: World) -> None:
    (victim, *_) = committee(world, 1)
    queue(world, changed("staking", unbonding_slots=400))
    queued = terms_numbered(world, 1)
    assert queued.applies_slot - queued.queued_slot == 200 + 3 * CHECKPOINT_SLOTS
    world.fails("StillQueued", applying(world))
    world.send(vacating(victim, 0), signers=[victim])
    let_snapshots_pass(world)
    world.send(closing(victim, 0))
    ticket = staking.ticket_address(victim.key, 0)
    world.send(
        staking.request_unstake(amount=STAKED, owner=victim.key, ticket=ticket), signers=[victim]
    )
    world.warp_to(world.fetch(staking.Ticket, ticket).available_slot)
    world.send(
        staking.withdraw(owner=victim.key, ticket=ticket, destination=victim.tokens),
        signers=[victim],
    )
    assert world.slot < queued.applies_slot
    assert (world.tokens(victim), position(world, victim).amount) == (STAKED, 0)


def test_c5_a_handover_waits_as_long(world: World) -> None:
    thief = world.actor("thief")
    world.send(
        staking.queue_authority(authority=world.authority.key, new_authority=thief.key),
        signers=[world.authority, thief],
    )
    world.fails("StillQueued", staking.apply_authority())
    world.fails("NotAuthority", queueing(world, authority=thief), signers=[thief])
    own = world.authority.key
    world.send(staking.queue_authority(authority=own, new_authority=own), signers=[world.authority])
    world.warp_to(pool(world).authority_slot)
    world.send(staking.apply_authority())
    assert pool(world).authority == own


@pytest.mark.parametrize("factor", [1, 2])
def test_c5_a_finished_job_pays_by_the_terms_that_it_was_posted_under(
    world: World, factor: int
) -> None:
    """Attack a: the fee stays 5 % of 1 $NLOV, so the provider gets 0.95, whatever is applied."""
    fee_bps = LOCALNET_PARAMETERS.escrow.fee_bps
    life = running(world, changed("escrow", fee_bps=fee_bps * factor))
    life.judged(Choice.ACCEPT)
    assert judge.verdict_of(world, life.job).outcome == Outcome.ACCEPTED
    price = market.lease(world, life.job).price
    assert NLOV - price <= 1, "the ask is rounded down"
    judge.settle(world, life.cranker, life.job)
    judge.withdraw(world, life.provider, life.job)
    charged = world.fetch(escrow.Escrow, life.job.escrow)
    assert (charged.fee, charged.terms) == (NLOV * 5 // 100, 0)
    assert world.tokens(life.provider) == price - NLOV * 5 // 100
    world.check_conserved()


def test_c5_running_work_keeps_its_time_to_answer(world: World) -> None:
    """Attack b: 150 slots to answer stay 150, so the honest provider keeps its 100 + 0.4 $NLOV."""
    life = running(world, changed("verdict", answer_slots=100))
    life.judged(Choice.UNAVAILABLE)
    asked = judge.verdict_of(world, life.job)
    assert asked.state == State.ANSWERING
    assert asked.availability.deadline == world.slot + 150
    exposed = market.exposure(world, life.job, life.provider)
    assert (exposed.amount, exposed.bond) == (100 * NLOV, 4 * NLOV // 10)
    report = verdict.expire_answers(
        payer=life.cranker.key, job=life.job.address, graph=life.job.graph
    )
    world.warp_to(asked.availability.deadline)
    world.fails("AnswersOpen", report, signers=[life.cranker])
    assert position(world, life.provider).amount == STAKED
    assert world.tokens(escrow.fees_address(shard_of(life.job.address))) == 0
