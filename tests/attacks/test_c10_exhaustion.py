"""Cheap jobs cannot bind verifiers' collateral for nothing, nor have those without room fined."""

from dataclasses import dataclass

import pytest

from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.jobs import (
    PostedJob,
    claim,
    lock,
    offer_of,
    open_buyer,
    post_job,
    register_graph,
    register_provider,
)
from neurolov_client import escrow, job_registry
from neurolov_client.bindings.job_registry import MAX_DRAWS
from neurolov_client.bindings.verdict import BallotState, Choice, State
from tests.world import NLOV, Actor, World

SEATS = 7
COLLATERAL = 100 * NLOV
"""The least collateral of a verifier."""
FLOOR = NLOV // 5
"""The least fee of a ballot: a fiftieth of what it exposes."""
CHEAPEST = {"price": NLOV // 100, "verification_fee": FLOOR, "tip": NLOV // 1_000}
WASH_JOBS = 20


@dataclass(frozen=True)
class Spam:
    """Verifiers of whom all collateral is bound by the jobs of one attacker."""

    world: World
    members: list[Actor]
    attacker: Actor
    drawn: list[PostedJob]
    target: PostedJob
    provider: Actor

    @property
    def ballots(self) -> int:
        """Returns the number of ballots that hold collateral."""
        held = [judge.verdict_of(self.world, job) for job in self.drawn]
        cast = (BallotState.CAST, BallotState.REVEALED)
        return sum(ballot.state in cast for each in held for ballot in each.ballots)

    def room(self, member: Actor) -> int:
        held = stakers.position(self.world, member)
        return held.collateral - held.balloted

    @property
    def at_risk(self) -> int:
        params = self.world.parameters.verdict
        return params.ballot_exposure + params.silence_fee


def vote(spam: Spam, job: PostedJob) -> None:
    """Casts every ballot that there is room for, and declines the others."""
    for number, seat in judge.drawn(spam.world, job):
        member = spam.members[seat]
        if judge.verdict_of(spam.world, job).ballots[number].state != BallotState.DRAWN:
            continue
        if spam.room(member) >= spam.at_risk:
            judge.cast(spam.world, member, job, number, Choice.ACCEPT)
        else:
            judge.decline(spam.world, member, job, number)


@pytest.fixture
def spam(world: World) -> Spam:
    """Wash jobs at the lowest prices, drawn one by one until no verifier has room left."""
    members = stakers.committee(world, SEATS, staked=COLLATERAL)
    attacker, victim = world.actor("attacker", tokens=200 * NLOV), world.actor("victim")
    world.mint_to(victim, 100 * NLOV)
    washer, liar = world.actor("washer"), world.actor("liar")
    for owner in (washer, liar):
        register_provider(world, owner, ask=1)
    graph = register_graph(world, attacker)
    jobs = [post_job(world, attacker, graph, verifiers=5, **CHEAPEST) for _ in range(WASH_JOBS)]
    target = post_job(world, victim, graph)
    for job in jobs:
        claim(world, washer, job)
    claim(world, liar, target)
    for job in jobs:
        judge.commit(world, washer, job)
    judge.commit(world, liar, target)
    spam = Spam(world, members, attacker, [], target, liar)
    while any(spam.room(member) >= spam.at_risk for member in members):
        job = jobs[len(spam.drawn)]
        judge.draw(world, attacker, job)
        spam.drawn.append(job)
        vote(spam, job)
    return spam


def test_c10_a_job_below_the_floors_is_not_posted(world: World) -> None:
    buyer = world.actor("buyer", tokens=10 * NLOV)
    open_buyer(world, buyer)
    graph = register_graph(world, buyer)
    for field, error in (
        ("price", "PriceTooLow"),
        ("verification_fee", "VerificationFeeTooLow"),
        ("tip", "TipTooLow"),
    ):
        offer = offer_of(0, **{**CHEAPEST, field: CHEAPEST[field] - 1})
        posting = job_registry.post_job(
            job_id=0, offer=offer, owner=buyer.key, terms=world.terms, graph=graph
        )
        world.fails(error, lock(world, buyer, 0, offer), posting, signers=[buyer])
    post_job(world, buyer, graph, **CHEAPEST)


def test_c10_whoever_has_no_room_declines_and_pays_nothing(spam: Spam) -> None:
    world, target = spam.world, spam.target
    before = [stakers.position(world, member) for member in spam.members]
    assert [held.collateral for held in before] == [COLLATERAL] * SEATS
    judge.draw(world, spam.attacker, target)
    for number, seat in judge.drawn(world, target):
        judge.decline(world, spam.members[seat], target, number)
    judge.tally(world, spam.attacker, target)
    for number, _ in judge.drawn(world, target):
        assert judge.verdict_of(world, target).ballots[number].state == BallotState.DECLINED
        with pytest.raises(Exception, match="NotSilent"):
            judge.report_silent(world, target, number)
    assert judge.verdict_of(world, target).state == State.COMMITTED
    assert [stakers.position(world, member) for member in spam.members] == before


def test_c10_exhausting_collateral_costs_a_fiftieth_of_it(spam: Spam) -> None:
    world, attacker = spam.world, spam.attacker
    bound = spam.ballots * world.parameters.verdict.ballot_exposure
    # Nine ballots of 10.1 fit into each collateral of 100.
    assert (spam.ballots, bound) == (9 * SEATS, 630 * NLOV)
    ended(spam)
    fees = {member: world.tokens(member) for member in spam.members}
    assert sum(fees.values()) >= 9 * SEATS * FLOOR == bound // 50
    assert min(fees.values()) >= 9 * FLOOR
    spent = 200 * NLOV - world.tokens(attacker)
    assert spent >= 126 * NLOV // 10
    assert all(spam.room(member) == COLLATERAL for member in spam.members)
    world.check_conserved()


def ended(spam: Spam) -> None:
    """Drives every wash job to its end: verifiers vote where they have room again."""
    world, attacker = spam.world, spam.attacker
    for _ in range(MAX_DRAWS):
        for job in in_state(spam, State.COMMITTED):
            judge.draw(world, attacker, job)
            vote(spam, job)
        balloting = in_state(spam, State.BALLOTING)
        for job in balloting:
            found = judge.verdict_of(world, job)
            world.warp_to(max(world.slot, found.ballot_deadline + 1))
            for number, seat in judge.drawn(world, job):
                ballot = found.ballots[number]
                if ballot.state == BallotState.CAST and ballot.draw == found.draws:
                    judge.reveal(world, spam.members[seat], job, number, Choice.ACCEPT)
        for job in balloting:
            judge.tally(world, attacker, job)
    for job in spam.drawn:
        judge.settle(world, attacker, job)
        for number, seat in judge.drawn(world, job):
            if judge.verdict_of(world, job).ballots[number].state == BallotState.REVEALED:
                judge.release(world, spam.members[seat], job, number)
        for party in (*spam.members, attacker, world.actor("washer")):
            judge.withdraw(world, party, job)
        if world.fetch(escrow.Escrow, job.escrow).fee_due:
            judge.collect_fee(world, job)
        judge.reclaim(world, job)


def in_state(spam: Spam, state: State) -> list[PostedJob]:
    """Returns the wash jobs whose verdict is in this state."""
    return [job for job in spam.drawn if judge.verdict_of(spam.world, job).state == state]
