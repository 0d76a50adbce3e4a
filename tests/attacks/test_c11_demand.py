"""A huge job that is posted and cancelled, to raise every price.

Demand once was what had been posted and not settled: one posting fee of 0.01 NLOV an epoch set it
to its maximum, doubled every quote, and left honest jobs without a taker. Now it is the share of
the providers' measured capacity that paid work used, smoothed over epochs.
"""

from functools import cache

import numpy as np
import pytest
from solders.instruction import AccountMeta

from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS, LOCALNET_PARAMETERS
from keeper.lab.market import judgement
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import (
    PostedJob,
    ask_for,
    claim,
    lease,
    post_job,
    register_graph,
    register_provider,
    small_graph,
)
from kernels.graph import Graph, GraphBuilder
from neurolov_client import SHARDS, job_registry
from neurolov_client.bindings.job_registry import DEMAND_PART, Q32_ONE, JobState
from tests.world import NLOV, World

MACS = small_graph().multiply_adds


@cache
def huge_graph() -> Graph:
    """Returns one product of 2^32 multiply-adds."""
    builder = GraphBuilder()
    builder.matmul(builder.input((2**14, 1_024)), np.ones((2**8, 1_024), np.int8))
    return builder.build()


def roll(world: World) -> job_registry.Market:
    """Lets the next epoch begin, rolls the market, and returns it."""
    world.warp_to((world.window + 1) * CHECKPOINT_SLOTS)
    shards = [job_registry.utilisation_address(number) for number in range(SHARDS)]
    metas = [AccountMeta(address, False, False) for address in shards]
    world.send(job_registry.roll_market(terms=world.terms, remaining=metas))
    return world.fetch(job_registry.Market, job_registry.market_address())


def cancel(world: World, job: PostedJob) -> None:
    """Cancels a job and takes its money back."""
    cancelling = job_registry.cancel(buyer=job.buyer.key, job=job.address, escrow=job.escrow)
    world.send(cancelling, signers=[job.buyer])
    judgement.reclaim(world, job)


def settle(world: World, provider: Actor, job: PostedJob) -> int:
    """Claims, commits and settles a job, and returns the slots that the work took."""
    claim(world, provider, job)
    world.warp(3)
    judgement.commit(world, provider, job)
    cranker = world.actor("cranker")
    judgement.draw(world, cranker, job)
    judgement.settle(world, cranker, job)
    ended = world.fetch(job_registry.Job, job.address)
    assert ended.state == JobState.SETTLED
    return ended.committed_slot - ended.lease.claimed_slot


@pytest.fixture
def world() -> World:
    return World.fresh()


@pytest.fixture
def provider(world: World) -> Actor:
    """A provider that takes the small graph for 1 NLOV."""
    provider = world.actor("provider")
    register_provider(world, provider, ask=ask_for(NLOV, MACS))
    return provider


def test_c11_a_huge_job_posted_and_cancelled_moves_no_price(world: World, provider: Actor) -> None:
    honest, attacker = (world.actor(name, tokens=100 * NLOV) for name in ("buyer", "attacker"))
    graph = register_graph(world, honest)
    huge = register_graph(world, attacker, huge_graph())
    assert huge_graph().multiply_adds == 2**32
    waiting = post_job(world, honest, graph, price=NLOV)
    before = world.tokens(attacker)
    cancel(world, post_job(world, attacker, huge, price=NLOV))
    spent = before - world.tokens(attacker)
    assert spent == LOCALNET_PARAMETERS.escrow.posting_fee == NLOV // 100
    market = roll(world)
    assert (market.settled_macs, market.demand_q32) == (0, 0)
    for job in (waiting, post_job(world, honest, graph, price=NLOV)):
        claim(world, provider, job)
        assert NLOV - 2 <= lease(world, job).price <= NLOV


def test_c11_a_job_that_nobody_can_claim_moves_no_price(world: World, provider: Actor) -> None:
    """Left to expire, a huge job counts no more than a cancelled one."""
    attacker = world.actor("attacker", tokens=100 * NLOV)
    huge = register_graph(world, attacker, huge_graph())
    job = post_job(world, attacker, huge, price=NLOV)
    expires = world.fetch(job_registry.Job, job.address).claim_deadline + 1
    while world.slot < expires:
        assert roll(world).demand_q32 == 0
    cranker = world.actor("cranker")
    expiring = job_registry.expire_job(
        cranker=cranker.key, terms=world.terms, job=job.address, escrow=job.escrow
    )
    world.send(expiring, signers=[cranker])
    assert roll(world).demand_q32 == 0
    assert world.fetch(job_registry.Job, job.address).state == JobState.EXPIRED
    assert world.exists(job_registry.provider_address(provider.key))


def test_c11_demand_moves_with_settled_work_alone(world: World, provider: Actor) -> None:
    buyer = world.actor("buyer", tokens=1_000 * NLOV)
    graph = register_graph(world, buyer)
    job = post_job(world, buyer, graph, price=2 * NLOV)
    slots = settle(world, provider, job)
    market = roll(world)
    rate = MACS // max(slots, 1) // 8
    assert (market.settled_macs, market.capacity) == (MACS, rate)
    used = min(MACS, rate * CHECKPOINT_SLOTS)
    share = used * Q32_ONE // (rate * CHECKPOINT_SLOTS)
    assert market.demand_q32 == share // DEMAND_PART > 0
    idle = roll(world)
    fallen = market.demand_q32 - -(-market.demand_q32 // DEMAND_PART)
    assert (idle.settled_macs, idle.demand_q32) == (0, fallen)


def test_c11_an_eighth_of_the_way_is_all_that_one_epoch_of_wash_jobs_buys(
    world: World, provider: Actor
) -> None:
    """A provider can run huge jobs of its own for nothing but fees; demand falls when it stops."""
    buyer = world.actor("buyer", tokens=1_000 * NLOV)
    register_provider(world, world.actor("washer"), ask=1)
    washer, graph = world.actor("washer"), register_graph(world, buyer, huge_graph())
    reached = []
    for _ in range(3):
        before = world.tokens(buyer)
        job = post_job(world, buyer, graph, price=LOCALNET_PARAMETERS.job_registry.min_price)
        settle(world, washer, job)
        judgement.collect_fee(world, job)
        judgement.withdraw(world, washer, job)
        judgement.withdraw(world, world.actor("cranker"), job)
        judgement.reclaim(world, job)
        assert before - world.tokens(buyer) >= LOCALNET_PARAMETERS.escrow.posting_fee
        reached.append(roll(world).demand_q32)
    assert all(
        after - before <= (Q32_ONE - before) // DEMAND_PART
        for before, after in zip([0, *reached], reached, strict=False)
    )
    assert reached[-1] <= Q32_ONE - Q32_ONE * 7**3 // 8**3
    assert roll(world).demand_q32 < reached[-1]
