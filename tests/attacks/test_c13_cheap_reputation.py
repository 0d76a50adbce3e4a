"""Reputation without stake, and three things that were lost for good.

36 wash jobs once earned a reputation of 0.902 for 0.36 $NLOV and no stake. One base unit in an
empty vault destroyed 1.5 $NLOV of emission. A verifier's stake and the treasury's account were
stuck.
"""

from typing import Any

import pytest

from keeper.lab.market import jobs as market
from keeper.lab.market import judgement as judge
from keeper.lab.market.stakers import pool, position, seat, stake
from neurolov_client import escrow, job_registry, shard_of, staking
from neurolov_client.bindings.job_registry import REPUTATION_ONE
from tests.programs.staking.seats import closing, let_snapshots_pass, vacating
from tests.world import NLOV, World
from tests.world.governing import enact

MIN_PRICE = NLOV // 100
POSTING_FEE = NLOV // 100
WASH_JOBS = 36


class Washing:
    """One party as buyer, provider and cranker, where no verifier is drawn."""

    def __init__(self, world: World, price: int, staked: int) -> None:
        self.world, self.price = world, price
        self.buyer = world.actor("wash buyer", tokens=200 * NLOV)
        self.provider = world.actor("wash provider")
        self.graph = market.register_graph(world, self.buyer)
        ask = market.ask_for(price, market.small_graph().multiply_adds)
        market.register_provider(world, self.provider, staked=staked, ask=ask)

    @property
    def least(self) -> dict[str, Any]:
        """The cheapest offer of this price."""
        terms = self.world.parameters
        return {
            "price": self.price,
            "verifiers": 1,
            "verification_fee": (
                terms.verdict.ballot_exposure * terms.verdict.ballot_rent_bps // 10_000
            ),
            "tip": terms.job_registry.min_tip,
        }

    def post(self) -> market.PostedJob:
        return market.post_job(self.world, self.buyer, self.graph, **self.least)

    def settled(self, jobs: list[market.PostedJob]) -> None:
        """Commits and settles all jobs, of which no verifier is drawn."""
        for job in jobs:
            judge.commit(self.world, self.provider, job)
        for job in jobs:
            judge.draw(self.world, self.buyer, job)
        for job in jobs:
            judge.settle(self.world, self.buyer, job)

    def finished(self, jobs: list[market.PostedJob]) -> int:
        """Pays everybody, and returns what the party has lost in base units."""
        for job in jobs:
            for actor in (self.provider, self.buyer):
                judge.withdraw(self.world, actor, job)
            judge.collect_fee(self.world, job)
            judge.reclaim(self.world, job)
        held = self.world.tokens(self.buyer) + self.world.tokens(self.provider)
        return 200 * NLOV - held

    @property
    def reputation(self) -> float:
        address = job_registry.provider_address(self.provider.key)
        return self.world.fetch(job_registry.Provider, address).reputation / REPUTATION_ONE


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"price": 1}, "PriceTooLow"),
        ({"price": MIN_PRICE - 1}, "PriceTooLow"),
        ({"verification_fee": 0}, "VerificationFeeTooLow"),
        ({"verification_fee": NLOV // 5 - 1}, "VerificationFeeTooLow"),
        ({"tip": 0}, "TipTooLow"),
        ({"tip": NLOV // 1_000 - 1}, "TipTooLow"),
    ],
)
def test_c13_a_wash_job_has_a_price_a_fee_and_a_tip(
    world: World, changes: dict[str, int], error: str
) -> None:
    washing = Washing(world, MIN_PRICE, NLOV)
    market.open_buyer(world, washing.buyer)
    offer = market.offer_of(0, **{**washing.least, **changes})
    posting = job_registry.post_job(
        job_id=0,
        offer=offer,
        owner=washing.buyer.key,
        terms=world.terms,
        graph=washing.graph,
    )
    locking = market.lock(world, washing.buyer, 0, offer)
    world.fails(error, locking, posting, signers=[washing.buyer])


def test_c13_jobs_at_the_floor_earn_a_hundredth(world: World) -> None:
    """36 jobs at the least price: 0.02 of reputation, where it was 0.902."""
    washing = Washing(world, MIN_PRICE, WASH_JOBS * 2 * NLOV)
    jobs = [washing.post() for _ in range(WASH_JOBS)]
    for job in jobs:
        market.claim(world, washing.provider, job)
    exposed = position(world, washing.provider).exposed
    assert exposed >= WASH_JOBS * NLOV, "each job at once exposes at least 1 NLOV"
    washing.settled(jobs)
    assert 0.02 < washing.reputation < 0.0225
    lost = washing.finished(jobs)
    assert lost >= WASH_JOBS * (POSTING_FEE + MIN_PRICE * 5 // 100)


def test_c13_nine_tenths_of_reputation_cost_2_nlov_and_25_at_stake_per_job(world: World) -> None:
    washing = Washing(world, NLOV, WASH_JOBS * 26 * NLOV)
    jobs = [washing.post() for _ in range(WASH_JOBS)]
    for job in jobs:
        market.claim(world, washing.provider, job)
        assert market.exposure(world, job, washing.provider).amount == 25 * NLOV
    assert position(world, washing.provider).exposed >= WASH_JOBS * 25 * NLOV
    washing.settled(jobs)
    assert 0.89 < washing.reputation < 0.91
    assert washing.finished(jobs) == WASH_JOBS * (POSTING_FEE + NLOV * 5 // 100)


def test_c13_without_stake_there_is_no_job(world: World) -> None:
    washing = Washing(world, MIN_PRICE, 100)
    job = washing.post()
    world.warp(world.parameters.job_registry.claim_max_delay_slots + 1)
    world.fails(
        "InsufficientFreeStake",
        market.claiming(world, washing.provider, job),
        signers=[washing.provider],
    )
    assert washing.reputation == 0


@pytest.mark.parametrize("attacked", [False, True])
def test_c13_emission_that_the_vault_lacks_stays_owed(world: World, attacked: bool) -> None:
    """One base unit and `emit_rewards` once forgave all but 0.001 of 1.501 $NLOV."""
    staker = world.actor("staker", tokens=1_000 * NLOV)
    stake(world, staker, 1_000 * NLOV)
    start = pool(world).emission_last
    world.warp_to(start + 1_500)
    if attacked:
        attacker = world.actor("attacker", tokens=1)
        world.send(
            staking.fund_emission(amount=1, funder=attacker.key, source=attacker.tokens),
            staking.emit_rewards(),
            signers=[attacker],
        )
        assert pool(world).emission_owed == 1_500 * 1_000_000 - 1
    funder = world.actor("funder", tokens=1_000 * NLOV)
    world.send(
        staking.fund_emission(amount=1_000 * NLOV, funder=funder.key, source=funder.tokens),
        signers=[funder],
    )
    world.warp_to(start + 1_501)
    sent = world.send(staking.emit_rewards())
    assert sent.only(staking.RewardsEmitted).amount == 1_501_000_000 - attacked
    assert world.tokens(staking.reward_vault_address()) == 1_501_000_000


def test_c13_a_verifier_gets_its_stake_back(world: World) -> None:
    """`unstake` once failed for the seated, and nobody could vacate a seat for them."""
    verifier = world.actor("verifier", tokens=300 * NLOV)
    stake(world, verifier, 300 * NLOV)
    seat(world, verifier, 3, 100 * NLOV)

    def unstaking(amount: int, ticket: int) -> Any:
        address = staking.ticket_address(verifier.key, ticket)
        return staking.request_unstake(amount=amount, owner=verifier.key, ticket=address)

    world.send(unstaking(200 * NLOV, 0), signers=[verifier])
    world.fails("InsufficientFreeStake", unstaking(1, 1), signers=[verifier])
    world.send(vacating(verifier), signers=[verifier])
    let_snapshots_pass(world)
    world.send(closing(verifier))
    world.send(unstaking(100 * NLOV, 1), signers=[verifier])
    world.warp(world.parameters.staking.unbonding_slots)
    for ticket in (0, 1):
        address = staking.ticket_address(verifier.key, ticket)
        paying = staking.withdraw(owner=verifier.key, ticket=address, destination=verifier.tokens)
        world.send(paying, signers=[verifier])
    assert world.tokens(verifier) == 300 * NLOV


def test_c13_terms_replace_the_treasury(world: World) -> None:
    washing = Washing(world, NLOV, 100 * NLOV)
    treasurer = world.actor("treasurer")
    job = washing.post()
    market.claim(world, washing.provider, job)
    washing.settled([job])
    judge.collect_fee(world, job)
    enact(world, treasury=treasurer.tokens)
    shard = shard_of(job.address)
    sweeping = escrow.sweep(
        shard=shard,
        terms=world.terms,
        mint=world.mint,
        fee_vault=escrow.fees_address(shard),
        treasury=treasurer.tokens,
    )
    world.send(sweeping)
    assert world.tokens(treasurer) == NLOV * 5 // 100 * 3 // 10
