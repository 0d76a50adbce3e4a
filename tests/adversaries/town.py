"""The chain that runs start from: programs, seats, providers with a history, buyers."""

from dataclasses import replace
from functools import cache
from random import Random
from typing import Final

from solders.pubkey import Pubkey

from idl.client import job_registry, staking, verdict
from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market import jobs as market
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from tests.adversaries.traces import GRAPH
from tests.world import NLOV, Actor, World

TOWNS: Final = 8
"""The number of parameter sets, which are numbered from 0."""
_SEATS: Final = (3, 5, 8, 12)
_PROVIDERS: Final = 4
_SETTLED: Final = (8, 3, 0, 0)
"""Jobs that each provider has settled before: the more there are, the likelier a job is spared."""
_TOKENS: Final = 200 * NLOV


def parameters_of(number: int) -> staking.Parameters:
    """Returns a set of parameters that the chain accepts; number 0 is localnet's."""
    if number == 0:
        return LOCALNET_PARAMETERS
    random = Random(f"parameters {number}")
    base = LOCALNET_PARAMETERS
    return replace(
        base,
        staking=replace(
            base.staking,
            slash_burn_bps=random.choice([5_000, 7_500, 10_000]),
            epoch_slots=random.choice([100, 150, 600]),
        ),
        escrow=replace(
            base.escrow,
            posting_fee=random.choice([0, 1, NLOV // 100]),
            fee_bps=random.choice([0, 1, 500, 3_000]),
        ),
        job_registry=replace(
            base.job_registry,
            claim_window_slots=random.randint(40, 300),
            lease_slots=random.randint(10, 150),
            kappa=random.randint(25, 60),
            bond_bps=random.choice([0, 1, 1_000, 5_000]),
            max_attempts=random.randint(1, 4),
            claim_scale_slots=random.randint(0, 6),
        ),
        verdict=replace(
            base.verdict,
            salt_slots=random.randint(1, 64),
            ballot_slots=random.randint(2, 150),
            reveal_slots=random.randint(2, 150),
            challenge_slots=random.randint(6, 40),
            public_slots=random.randint(6, 80),
            proof_slots=random.randint(6, 100),
            answer_slots=random.randint(8, 150),
            trap_slots=random.randint(1, 40),
            trap_rate_bps=random.randint(100, 1_000),
            check_cost=random.choice([0, NLOV // 100]),
            ballot_exposure=random.randint(3 * NLOV, 20 * NLOV),
            silence_fee=random.choice([0, 1, NLOV // 10, NLOV]),
            p_floor_bps=random.randint(1_000, 5_000),
            bounty_bps=random.choice([0, 2_500, 5_000, 10_000]),
        ),
    )


class Town:
    """All actors that a run can cast, and the world to which each run returns them."""

    def __init__(self, number: int) -> None:
        random = Random(f"town {number}")
        self.world = world = World(parameters_of(number))
        self.graph = market.register_graph(world, world.actor("author"), GRAPH)
        self.verifiers = [
            self._verifier(seat, random) for seat in range(_SEATS[number % len(_SEATS)])
        ]
        self.providers = [world.actor(f"provider {index}") for index in range(_PROVIDERS)]
        ask = market.ask_for(NLOV, GRAPH.multiply_adds)
        for provider in self.providers:
            market.register_provider(world, provider, staked=2_000 * NLOV, ask=ask)
        # One provider also holds a verifier's seat, and one verifier also buys.
        stakers.seat(world, self.providers[-1], len(self.verifiers))
        self.buyers = [world.actor("buyer", tokens=_TOKENS), self.verifiers[-1]]
        world.mint_to(self.verifiers[-1], _TOKENS)
        for buyer in self.buyers:
            market.open_buyer(world, buyer)
        self.outsiders = [world.actor(f"outsider {index}") for index in range(6)]
        for provider, jobs in zip(self.providers, _SETTLED, strict=True):
            for _ in range(jobs):
                self._settle_a_job(provider)
        if world.slot // world.parameters.staking.epoch_slots == 0:
            world.warp(world.parameters.staking.epoch_slots)
        stakers.snapshot(world)
        world.warp(1)
        self.saved = world.save()

    @property
    def everybody(self) -> list[Actor]:
        """Returns all actors that hold tokens or stake."""
        return [*self.verifiers, *self.providers, self.buyers[0], *self.outsiders]

    @property
    def seats(self) -> dict[int, Actor]:
        """Returns the actor on each seat."""
        return dict(enumerate([*self.verifiers, self.providers[-1]]))

    def wealth(self, actor: Actor) -> int:
        """Returns an actor's free tokens and stake, in base units."""
        return self.world.tokens(actor) + self.stake(actor.key)

    def stake(self, owner: Pubkey) -> int:
        """Returns the base units at stake, including exposed ones."""
        address = staking.position_address(owner)
        if not self.world.exists(address):
            return 0
        return self.world.fetch(staking.Position, address).amount

    def _verifier(self, seat: int, random: Random) -> Actor:
        staked = random.randint(150, 600) * NLOV
        member = self.world.actor(f"verifier {seat}", tokens=staked)
        stakers.stake(self.world, member, staked)
        stakers.seat(self.world, member, seat)
        return member

    def _settle_a_job(self, provider: Actor) -> None:
        """Settles a job that no verifier checks, and that is paid after the public window."""
        cranker = self.outsiders[0]
        job = market.post_job(self.world, self.buyers[0], self.graph, verifiers=1)
        market.claim(self.world, provider, job)
        judge.commit(self.world, provider, job)
        judge.draw(self.world, cranker, job)
        judge.settle(self.world, cranker, job)
        judge.withdraw(self.world, provider, job)
        judge.withdraw(self.world, cranker, job)
        if self.world.parameters.escrow.fee_bps:
            judge.collect_fee(self.world, job)
        judge.reclaim(self.world, job)
        self.world.send(
            job_registry.release_exposure(job=job.address, owner=provider.key),
            verdict.close_verdict(payer=provider.key, job=job.address),
            job_registry.reclaim(buyer=job.buyer.key, job=job.address),
            signers=[job.buyer],
        )


@cache
def town(number: int) -> Town:
    """Returns a town, built once per process; each run restores it."""
    return Town(number)
