"""What a quote says of each provider is what the chain pays it, and why the chain refuses it."""

from random import Random

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from keeper.amounts import NLOV
from keeper.exact.decisions.market import Market, Size
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.quote import JobQuote, job_quote, recommended_quote
from keeper.exact.decisions.selection import Refusal
from keeper.exact.roles.quoting import candidate_of, market_of
from keeper.lab.localnet.deployment import CHECKPOINT_SLOTS
from keeper.lab.market.actor import Actor
from keeper.lab.market.jobs import (
    PostedJob,
    capability,
    claim,
    lease,
    post_job,
    register_graph,
    small_graph,
)
from keeper.lab.market.sandbox import Sandbox
from keeper.lab.market.stakers import appoint, seat, stake
from neurolov_client import SHARDS, ProgramError, job_registry, staking
from neurolov_client.bindings.job_registry import ASK_MACS, Q32_ONE
from tests.world.editing import overwrite

MACS = small_graph().multiply_adds
SIZE = Size(MACS, memory_bytes=1 << 20, trace_bytes=1 << 10)
MEASURED_AT = job_registry.Provider.OFFSETS["measured_rate"]
DEMAND_AT = job_registry.Market.OFFSETS["demand_q32"]
FEE, TIP = NLOV // 5, NLOV // 100
STAKED = 10_000 * NLOV


class Traded:
    """A market on LiteSVM with a buyer, and its quote."""

    def __init__(self) -> None:
        self.sandbox = Sandbox()
        self.buyer = self.sandbox.actor("buyer", tokens=10_000 * NLOV)
        self.graph = register_graph(self.sandbox, self.buyer)
        self.providers: list[Actor] = []

    def provider(self, name: str, price: int, staked: int = STAKED, **declared: object) -> Actor:
        """Registers a provider that asks `price` for the job in a calm market."""
        owner = self.sandbox.actor(name, tokens=staked)
        stake(self.sandbox, owner, staked)
        described = capability(ask=price * ASK_MACS // MACS, **declared)
        registering = job_registry.register_provider(capability=described, owner=owner.key)
        self.sandbox.send(registering, signers=[owner])
        self.providers.append(owner)
        return owner

    def measure(self, owner: Actor, rate: int) -> None:
        address = job_registry.provider_address(owner.key)
        overwrite(self.sandbox, address, MEASURED_AT, rate.to_bytes(8, "little"))

    def demand(self, demand_q32: int) -> None:
        address = job_registry.market_address()
        overwrite(self.sandbox, address, DEMAND_AT, demand_q32.to_bytes(8, "little"))

    def roll(self) -> None:
        """Moves demand by a window in which more than all of the capacity was used."""
        shards = [job_registry.utilisation_address(shard) for shard in range(SHARDS)]
        before = (self.sandbox.window - 1).to_bytes(8, "little")
        used = before + (1 << 62).to_bytes(8, "little")
        overwrite(self.sandbox, shards[0], job_registry.UtilisationShard.OFFSETS["epoch"], used)
        self.sandbox.send(
            job_registry.roll_market(
                terms=self.sandbox.terms,
                remaining=[AccountMeta(shard, False, False) for shard in shards],
            )
        )

    def position(self, owner: Pubkey) -> staking.Position | None:
        return self.sandbox.find(staking.Position, staking.position_address(owner))

    def market(self) -> Market:
        sandbox = self.sandbox
        pool = sandbox.fetch(staking.Pool, staking.pool_address())
        return market_of(
            sandbox.slot,
            pool,
            sandbox.fetch(job_registry.Market, job_registry.market_address()),
            sandbox.fetch(staking.Terms, staking.terms_address(pool.terms)),
            [
                candidate_of(
                    each, sandbox.find(staking.Position, staking.position_address(each.owner))
                )
                for each in sandbox.all(job_registry.Provider).values()
            ],
        )

    def quote(self, offer: JobOffer) -> JobQuote:
        return job_quote(self.market(), SIZE, offer, self.buyer.key)

    def post(self, offer: JobOffer) -> PostedJob:
        return post_job(
            self.sandbox,
            self.buyer,
            self.graph,
            paid_urgency=offer.urgency,
            price=offer.price,
            verifiers=offer.verifiers,
            verification_fee=offer.verification_fee,
            tip=offer.tip,
        )

    def refused(self, owner: Actor, job: PostedJob, operator: Actor | None = None) -> str | None:
        try:
            claim(self.sandbox, owner, job, operator)
        except ProgramError as error:
            return error.name
        return None


@pytest.mark.parametrize("seed", range(5))
def test_a_claim_costs_what_the_quote_says(seed: int) -> None:
    random, traded = Random(seed), Traded()
    for number in range(5):
        owner = traded.provider(f"provider {number}", random.randrange(NLOV // 100, 9 * NLOV))
        traded.measure(owner, random.choice([0, random.randrange(1, 2 * 10**8)]))
    traded.sandbox.stand()
    traded.demand(random.choice([0, Q32_ONE, random.randrange(Q32_ONE)]))
    offer = JobOffer(
        price=random.randrange(4, 16) * NLOV,
        verification_fee=FEE,
        tip=TIP,
        urgency=random.choice([0, random.randrange(1, 5 * NLOV)]),
    )
    told = traded.quote(offer)
    claimed = 0
    for each in told.providers:
        owner = next(actor for actor in traded.providers if actor.key == each.owner)
        before = traded.sandbox.tokens(traded.buyer)
        job = traded.post(offer)
        assert before - traded.sandbox.tokens(traded.buyer) == told.costs.total
        assert traded.sandbox.tokens(job.vault) == told.costs.locked
        refused = traded.refused(owner, job)
        if each.refused is None:
            assert refused is None
            paid = lease(traded.sandbox, job)
            assert paid.price == each.price
            assert each.price_at_most is not None
            assert paid.price <= each.price_at_most <= told.costs.price + told.costs.premium
            assert paid.exposure + paid.bond == each.needed
            claimed += 1
        else:
            assert each.refused is Refusal.ASKS_MORE
            assert refused == "QuoteAbovePrice"
    assert claimed == len(told.able)


@pytest.mark.parametrize("seed", range(3))
def test_no_claim_within_its_window_costs_more_than_the_most(seed: int) -> None:
    random, traded = Random(seed), Traded()
    owner = traded.provider("provider", NLOV)
    traded.sandbox.stand()
    traded.roll()
    traded.demand(random.randrange(Q32_ONE // 2))
    offer = JobOffer(price=50 * NLOV, verification_fee=FEE, tip=TIP)
    (told,) = traded.quote(offer).providers
    job = traded.post(offer)
    deadline = traded.sandbox.fetch(job_registry.Job, job.address).claim_deadline
    while traded.sandbox.window < deadline // CHECKPOINT_SLOTS:
        traded.sandbox.warp_to((traded.sandbox.window + 1) * CHECKPOINT_SLOTS)
        traded.roll()
    traded.sandbox.warp_to(deadline)
    assert traded.refused(owner, job) is None
    assert told.price is not None
    assert told.price_at_most is not None
    assert told.price < lease(traded.sandbox, job).price <= told.price_at_most


def test_the_chain_refuses_for_the_reason_that_is_quoted() -> None:
    traded = Traded()
    sandbox = traded.sandbox
    able = traded.provider("able", NLOV)
    small = traded.provider("small", NLOV, max_macs=MACS - 1)
    poor = traded.provider("poor", NLOV, staked=100 * NLOV)
    bound = traded.provider("bound", NLOV, staked=200 * NLOV)
    seat(sandbox, bound, 0, 150 * NLOV)
    dear = traded.provider("dear", 5 * NLOV)
    draining = traded.provider("draining", NLOV)
    hot, operator = traded.provider("hot", NLOV), sandbox.actor("operator")
    appoint(sandbox, hot, operator, 50 * NLOV)
    sandbox.send(
        job_registry.set_availability(
            endpoint=capability().endpoint,
            draining=True,
            signer=draining.key,
            position=staking.position_address(draining.key),
            provider=job_registry.provider_address(draining.key),
        ),
        signers=[draining],
    )
    sandbox.stand()
    new = traded.provider("new", NLOV)
    own = traded.provider("own", NLOV)
    offer = JobOffer(price=4 * NLOV, verification_fee=FEE, tip=TIP)
    told = {each.owner: each for each in traded.quote(offer).providers}
    expected = {
        small: (Refusal.TOO_LARGE, "JobTooLarge"),
        poor: (Refusal.NO_ROOM, "InsufficientFreeStake"),
        bound: (Refusal.NO_ROOM, "InsufficientFreeStake"),
        dear: (Refusal.ASKS_MORE, "QuoteAbovePrice"),
        draining: (Refusal.DRAINING, "ProviderDraining"),
        hot: (Refusal.NO_ROOM, "OperatorBudgetExceeded"),
        new: (Refusal.TOO_NEW, "RegisteredTooRecently"),
    }
    job = traded.post(offer)
    for owner, (reason, refused) in expected.items():
        signer = operator if owner is hot else None
        assert traded.refused(owner, job, signer) == refused
        assert told[owner.key].refused is reason
        assert told[owner.key].price_at_most is None
    assert told[new.key].from_slot == (sandbox.window + 1) * CHECKPOINT_SLOTS
    assert told[able.key].able
    assert traded.refused(able, job) is None
    own_quote = job_quote(traded.market(), SIZE, offer, own.key)
    (told_own,) = [each.refused for each in own_quote.providers if each.owner == own.key]
    assert told_own is Refusal.OWN_JOB


def test_a_recommended_price_is_taken_whatever_demand_does() -> None:
    traded = Traded()
    prices = {name: price * NLOV for name, price in (("a", 1), ("b", 2), ("c", 3), ("d", 30))}
    for name, price in prices.items():
        traded.provider(name, price)
    traded.sandbox.stand()
    offer = JobOffer(price=0, verification_fee=FEE, tip=TIP)
    told = recommended_quote(traded.market(), SIZE, offer, None)
    assert told.recommended == told.offer.price
    assert 2 * NLOV <= told.offer.price < 3 * NLOV
    assert len(told.able) == 2
    assert told.cheapest is told.able[0]
    assert told.typical is told.able[1]
    traded.demand(told.demand_at_most_q32)
    job = traded.post(told.offer)
    second = next(each for each in traded.providers if each.key == told.able[1].owner)
    assert traded.refused(second, job) is None


def test_a_price_that_nobody_could_back_is_not_recommended() -> None:
    traded = Traded()
    traded.provider("cheap", NLOV, staked=60 * NLOV)
    for name in ("dear", "dearer"):
        traded.provider(name, 4 * NLOV, staked=60 * NLOV)
    traded.sandbox.stand()
    offer = JobOffer(price=0, verification_fee=FEE, tip=TIP)
    told = recommended_quote(traded.market(), SIZE, offer, None)
    assert told.recommended is not None
    assert told.recommended < 2 * NLOV
    (able,) = told.able
    assert able.price is not None
    assert able.price <= told.recommended


def test_a_price_below_every_ask() -> None:
    traded = Traded()
    traded.provider("a", 3 * NLOV)
    traded.provider("b", 2 * NLOV)
    traded.sandbox.stand()
    told = traded.quote(JobOffer(price=NLOV, verification_fee=FEE, tip=TIP, urgency=NLOV))
    assert told.below_every_ask
    assert told.able == ()
    assert told.lowest_ask == min(
        each.price - told.costs.premium for each in told.providers if each.price is not None
    )
    higher = traded.quote(JobOffer(price=told.lowest_ask, verification_fee=FEE, tip=TIP))
    assert len(higher.able) == 1
    assert not higher.below_every_ask


def test_nobody_is_there() -> None:
    told = recommended_quote(Traded().market(), SIZE, JobOffer(0, FEE, TIP), None)
    assert told.recommended is None
    assert told.providers == ()
    assert told.cheapest is told.typical is None
    assert not told.below_every_ask


def test_a_job_lasts_as_the_chain_lets_it() -> None:
    traded = Traded()
    traded.provider("slow", NLOV, declared_rate=max(1, MACS // 10))
    traded.provider("slower", NLOV, declared_rate=1)
    traded.sandbox.stand()
    lasts = traded.quote(JobOffer(4 * NLOV, FEE, TIP)).duration
    rules, judging = traded.sandbox.parameters.job_registry, traded.sandbox.parameters.verdict
    assert lasts.work.best in {10, 11}
    assert lasts.work.latest == rules.lease_slots + MACS // rules.min_rate_macs_per_slot
    assert (lasts.claim.best, lasts.claim.latest) == (1, 1 + rules.claim_max_delay_slots)
    assert lasts.ballots.latest == judging.ballot_slots + judging.reveal_slots + 1
    assert lasts.best <= lasts.latest <= lasts.worst
    nobody = traded.quote(JobOffer(NLOV // 100, FEE, TIP)).duration
    assert nobody.claim.best == nobody.claim.latest == rules.claim_window_slots
