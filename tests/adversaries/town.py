"""The chain that runs start from: programs, seats, providers with a history, buyers."""

from dataclasses import replace
from functools import cache
from random import Random
from typing import Final

from solders.pubkey import Pubkey

from keeper.lab.localnet.deployment import LOCALNET_PARAMETERS
from keeper.lab.market import jobs as market
from keeper.lab.market import judgement as judge
from keeper.lab.market import stakers
from keeper.lab.market.stakers import pool
from neurolov_client import job_registry, staking, verdict
from neurolov_client.bindings.job_registry import BPS
from neurolov_client.bindings.staking import MAX_FEE_BPS
from tests.adversaries.traces import GRAPH
from tests.world import NLOV, Actor, World
from tests.world.governing import queue, terms_numbered

TOWNS: Final = 8
"""The number of parameter sets, which are numbered from 0."""
CROWDED: Final = 5
"""The town in which a seat backs only two or three ballots at a time."""
_SEATS: Final = (3, 5, 8, 12)
_PROVIDERS: Final = 4
_SETTLED: Final = (8, 3, 0, 0)
"""Jobs that each provider has settled before: the more there are, the likelier a job is spared."""
_TOKENS: Final = 200 * NLOV
_PROVIDER_STAKE: Final = 4_000 * NLOV
_SAVINGS: Final = 500 * NLOV
_OUTSIDERS: Final = 10
_SPARE_KEYS: Final = 4


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
        ),
        escrow=replace(
            base.escrow,
            posting_fee=random.choice([0, 1, NLOV // 100]),
            fee_bps=random.choice([0, 1, 500, 2_000]),
        ),
        job_registry=replace(
            base.job_registry,
            claim_window_slots=random.randint(200, 300),
            lease_slots=random.randint(16, 150),
            kappa=random.randint(25, 60),
            bond_bps=random.choice([0, 1, 1_000, 5_000]),
            max_attempts=random.randint(1, 4),
            min_tip=random.choice([0, NLOV // 1_000]),
            claim_scale_slots=(scale := random.randint(0, 6)),
            claim_max_delay_slots=32 * scale,
        ),
        verdict=replace(
            base.verdict,
            salt_slots=random.randint(16, 64),
            ballot_slots=random.randint(16, 150),
            reveal_slots=random.randint(16, 150),
            challenge_slots=random.randint(16, 40),
            public_slots=random.randint(16, 80),
            proof_slots=random.randint(16, 100),
            answer_slots=random.randint(100, 150),
            trap_slots=random.randint(16, 40),
            trap_rate_bps=random.randint(100, 1_000),
            check_cost=random.choice([0, NLOV // 100]),
            ballot_exposure=(
                45 * NLOV if number == CROWDED else random.randint(3 * NLOV, 20 * NLOV)
            ),
            ballot_rent_bps=random.choice([0, 200, 500]),
            silence_fee=random.choice([0, 1, NLOV // 10, NLOV]),
            p_floor_bps=random.randint(1_000, 5_000),
            bounty_bps=random.choice([0, 2_500, 5_000, 10_000]),
        ),
    )


def harsher(present: staking.Parameters) -> staking.Parameters:
    """Returns terms that cost whoever works under them more, as far as one step may go."""
    registry, judging = present.job_registry, present.verdict
    return replace(
        present,
        escrow=replace(present.escrow, fee_bps=min(2 * present.escrow.fee_bps, MAX_FEE_BPS)),
        job_registry=replace(
            registry,
            kappa=2 * registry.kappa,
            bond_bps=min(2 * registry.bond_bps, BPS),
            lease_slots=max(16, -(-registry.lease_slots // 2)),
            min_price=2 * registry.min_price,
        ),
        verdict=replace(
            judging,
            answer_slots=100,
            challenge_slots=max(16, -(-judging.challenge_slots // 2)),
            trap_slots=2 * judging.trap_slots,
            p_floor_bps=2 * judging.p_floor_bps,
        ),
    )


class Town:
    """All actors that a run can cast, and the world to which each run returns them."""

    def __init__(self, number: int) -> None:
        random = Random(f"town {number}")
        self.number = number
        self.world = world = World(parameters_of(number))
        self.graph = market.register_graph(world, world.actor("author"), GRAPH)
        self.verifiers = [
            self._verifier(seat, random) for seat in range(_SEATS[number % len(_SEATS)])
        ]
        self.providers = [world.actor(f"provider {index}") for index in range(_PROVIDERS)]
        ask = market.ask_for(NLOV, GRAPH.multiply_adds)
        for provider in self.providers:
            market.register_provider(world, provider, staked=_PROVIDER_STAKE, ask=ask)
        # One provider also holds a verifier's seat, and one verifier also buys.
        stakers.seat(world, self.providers[-1], len(self.verifiers), _PROVIDER_STAKE // 2)
        self.buyers = [world.actor("buyer", tokens=_TOKENS), self.verifiers[-1]]
        world.mint_to(self.verifiers[-1], _TOKENS)
        for buyer in self.buyers:
            market.open_buyer(world, buyer)
        self.outsiders = [
            world.actor(f"outsider {index}", tokens=_SAVINGS) for index in range(_OUTSIDERS)
        ]
        self.keys = [self._spare_key(index) for index in range(_SPARE_KEYS)]
        for provider, jobs in zip(self.providers, _SETTLED, strict=True):
            for _ in range(jobs):
                self._settle_a_job(provider)
        if number % 2:
            self._queue_harsher_terms(random)
        stakers.snapshot(world)
        world.warp(1)
        self.saved = world.save()

    @property
    def everybody(self) -> list[Actor]:
        """Returns all actors that hold tokens or stake."""
        return [
            *self.verifiers,
            *self.providers,
            self.buyers[0],
            *self.outsiders,
            *self.keys,
        ]

    @property
    def verification_floor(self) -> int:
        """Returns the least verification fee per ballot that an offer may name, in base units."""
        judging = self.world.parameters.verdict
        return -(-judging.ballot_exposure * judging.ballot_rent_bps // BPS)

    @property
    def silent(self) -> Actor:
        """Returns the provider that has a seat and never casts a ballot."""
        return self.providers[-1]

    @property
    def seats(self) -> dict[int, Actor]:
        """Returns the actor on each seat."""
        return dict(enumerate([*self.verifiers, self.silent]))

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
        least, most = (100, 150) if self.number == CROWDED else (150, 600)
        staked = random.randint(least, most) * NLOV
        member = self.world.actor(f"verifier {seat}", tokens=staked)
        stakers.stake(self.world, member, staked)
        stakers.seat(self.world, member, seat)
        return member

    def _spare_key(self, index: int) -> Actor:
        """Returns a key with tokens that is registered as a provider and has staked nothing yet."""
        key = self.world.actor(f"spare key {index}", tokens=_SAVINGS)
        capability = market.capability(ask=market.ask_for(NLOV, GRAPH.multiply_adds))
        self.world.send(
            staking.open_position(owner=key.key),
            job_registry.register_provider(capability=capability, owner=key.key),
            signers=[key],
        )
        return key

    def _queue_harsher_terms(self, random: Random) -> None:
        """Lets the authority queue terms that may apply while the jobs of a run are under way."""
        world = self.world
        queue(world, harsher(world.parameters))
        queued = terms_numbered(world, pool(world).terms + 1)
        world.warp_to(queued.applies_slot - random.randint(20, 300))

    def _settle_a_job(self, provider: Actor) -> None:
        """Settles a job that no verifier checks, and that is paid after the public window."""
        cranker = self.outsiders[0]
        fee = self.verification_floor
        job = market.post_job(
            self.world, self.buyers[0], self.graph, verifiers=1, verification_fee=fee
        )
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
            job_registry.release_exposure(
                job=job.address,
                payer=provider.key,
                position=staking.position_address(provider.key),
                exposure=staking.exposure_address(job.address, provider.key),
            ),
            verdict.close_verdict(payer=provider.key, job=job.address),
            job_registry.reclaim(buyer=job.buyer.key, job=job.address),
            signers=[job.buyer],
        )


@cache
def town(number: int) -> Town:
    """Returns a town, built once per process; each run restores it."""
    return Town(number)
