"""What a job would cost and how long it would take, by the rules that the chain applies to it.

A quote is of one slot. Asks, stakes and measured rates may change afterwards; whatever they do, no
more is paid than is locked, and no more for the work than its price and the premium.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from keeper.exact.decisions.demand import highest_demand
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.selection import (
    CLAIM_DELAY,
    ClaimConditions,
    Refusal,
    Registration,
    claim_weight,
    first_window,
    locked,
    quote,
    refusal,
)
from keeper.node.decisions.claim_order import delay
from keeper.node.decisions.escrow import premium_burned
from keeper.node.decisions.stake import LeasableStake, Stake
from neurolov_client.bindings.job_registry import MAX_DRAWS
from neurolov_client.bindings.staking import Parameters
from neurolov_client.bindings.verdict import DRAW_DELAY

MEAN_LOT: Final = 6_786_177_901_268_885_274
"""The lot of a provider that waits as long as the average: 2^64 / e."""
USUAL_TIPS: Final = 2
"""Crank steps of a job that others take and are tipped for: the tally and the settlement."""
ROUNDING: Final = 10_000_000
"""Base units of which a recommended price is a multiple: a hundredth of a token."""
MOST_TRIED: Final = 32
"""Prices that are tried before one is recommended."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registered provider.

    `rate` is the multiply-adds per slot that it declares, `active` the number of jobs that it has
    claimed and not committed yet. An operator signs for it where it has named one.
    """

    owner: Pubkey
    registration: Registration
    rate: int
    stake: Stake
    by_operator: bool
    active: int


@dataclass(frozen=True, slots=True)
class Market:
    """What a quote depends on besides the job, as it is in `slot`.

    `demand_q32` holds since window `rolled`; `parameters` are those of the current terms.
    """

    slot: int
    checkpoint_slots: int
    parameters: Parameters
    demand_q32: int
    rolled: int
    leasable: LeasableStake
    candidates: tuple[Candidate, ...]

    @property
    def highest_demand(self) -> int:
        """The most that Q32 demand can be at the first claim of a job that is posted now."""
        latest = self.slot + self.parameters.job_registry.claim_window_slots
        return highest_demand(self.demand_q32, latest // self.checkpoint_slots - self.rolled)

    def conditions(self, candidate: Candidate, demand_q32: int) -> ClaimConditions:
        """Returns what a claim of this provider depends on while demand is such."""
        return ClaimConditions(
            registration=candidate.registration,
            stake=candidate.stake,
            by_operator=candidate.by_operator,
            leasable=self.leasable,
            checkpoint_slots=self.checkpoint_slots,
            demand_q32=demand_q32,
            beacons={},
        )


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job that nobody has posted yet; `premium` is the urgency without its burned part."""

    buyer: Pubkey | None
    macs: int
    price: int
    premium: int
    posted_slot: int

    @property
    def offered(self) -> int:
        """What a lease's exposure and bond follow from, in base units."""
        return self.price + self.premium


@dataclass(frozen=True, slots=True)
class ProviderQuote:
    """What one provider would be paid for the job, in base units, premium included.

    `price` is by the demand now, None beyond u64; `price_at_most` by the most that demand can be
    until the claim, as long as the ask stays what it is. `refused` is why the provider could not
    take the job as offered. `needed` is the stake that the job would expose, bond included, and
    `room` what the provider could expose. `from_slot` is the first slot whose postings it may take,
    `turn_slots` its average wait for its turn: the longest where its stake does not stand yet.
    """

    owner: Pubkey
    ask: int
    price: int | None
    price_at_most: int | None
    refused: Refusal | None
    needed: int
    room: int
    from_slot: int
    max_macs: int
    active: int
    turn_slots: int
    work_slots: int


@dataclass(frozen=True, slots=True)
class Costs:
    """What a buyer gives for a job, in base units.

    `price`, `verification`, `tips` and `premium` are locked; `burned` is gone when it is posted.
    """

    price: int
    verification: int
    tips: int
    premium: int
    burned: int

    @property
    def locked(self) -> int:
        """What the escrow holds until the end."""
        return self.price + self.verification + self.tips + self.premium

    @property
    def total(self) -> int:
        """What leaves the buyer's account when the job is posted."""
        return self.locked + self.burned

    def spent(self, paid: int, offer: JobOffer) -> int:
        """Returns what a job usually costs in all when its provider is paid so much.

        One draw of verifiers votes, and others take the steps that are tipped.
        """
        ballots = offer.verifiers * offer.verification_fee
        return paid + ballots + USUAL_TIPS * offer.tip + self.burned


@dataclass(frozen=True, slots=True)
class Span:
    """Slots that a part of a job's life takes: in the best case, and by its deadline."""

    best: int
    latest: int


@dataclass(frozen=True, slots=True)
class Duration:
    """Slots until a job has ended, by part.

    `worst` is the end where each lease expires at its latest, each draw goes without a majority and
    the data are asked for.
    """

    claim: Span
    work: Span
    draw: Span
    ballots: Span
    window: Span
    worst: int

    @property
    def best(self) -> int:
        """Slots until the end where everybody acts at once."""
        return sum(part.best for part in self._parts)

    @property
    def latest(self) -> int:
        """Slots until the end by every deadline, with one lease and one draw."""
        return sum(part.latest for part in self._parts)

    @property
    def _parts(self) -> tuple[Span, ...]:
        return self.claim, self.work, self.draw, self.ballots, self.window


@dataclass(frozen=True, slots=True)
class JobQuote:
    """What a job would cost; `recommended` is None where nobody could take it at any price.

    The providers that could take it come first, the cheapest first.
    """

    slot: int
    macs: int
    offer: JobOffer
    demand_q32: int
    demand_at_most_q32: int
    costs: Costs
    providers: tuple[ProviderQuote, ...]
    duration: Duration
    recommended: int | None

    @property
    def able(self) -> tuple[ProviderQuote, ...]:
        """The providers that could take the job as offered, the cheapest first."""
        return tuple(each for each in self.providers if each.refused is None)

    @property
    def cheapest(self) -> ProviderQuote | None:
        """The provider that would be paid least, None where nobody could take the job."""
        return self.able[0] if self.able else None

    @property
    def typical(self) -> ProviderQuote | None:
        """The provider in the middle, the dearer one of two, None where there is none."""
        able = self.able
        return able[len(able) // 2] if able else None

    @property
    def below_every_ask(self) -> bool:
        """Whether the price alone keeps away everybody who is still there."""
        return not self.able and any(
            each.refused is Refusal.ASKS_MORE for each in self.providers
        )

    @property
    def lowest_ask(self) -> int | None:
        """The least price in base units that some provider takes now, without the premium."""
        asked = [
            each.price - self.costs.premium
            for each in self.providers
            if each.price is not None and each.refused in (None, Refusal.ASKS_MORE)
        ]
        return min(asked, default=None)


def job_quote(market: Market, macs: int, offer: JobOffer, buyer: Pubkey | None) -> JobQuote:
    """Returns what a job of so many multiply-adds costs if it is posted with the offer now."""
    rules = market.parameters.escrow
    burned = premium_burned(offer.urgency, rules)
    costs = Costs(
        price=offer.price,
        verification=offer.verification,
        tips=offer.tips,
        premium=offer.urgency - burned,
        burned=rules.posting_fee + burned,
    )
    job = PlannedJob(buyer, macs, offer.price, costs.premium, market.slot)
    quoted = [provider_quote(market, job, each) for each in market.candidates]
    quoted.sort(key=lambda each: (each.refused is not None, each.price or 0, bytes(each.owner)))
    able = {each.owner for each in quoted if each.refused is None}
    return JobQuote(
        slot=market.slot,
        macs=macs,
        offer=offer,
        demand_q32=market.demand_q32,
        demand_at_most_q32=market.highest_demand,
        costs=costs,
        providers=tuple(quoted),
        duration=_duration(market, job, [c for c in market.candidates if c.owner in able]),
        recommended=recommended_price(market, job),
    )


def provider_quote(market: Market, job: PlannedJob, candidate: Candidate) -> ProviderQuote:
    """Returns what one provider would be paid, or why it could not take the job."""
    rules = market.parameters.job_registry
    conditions = market.conditions(candidate, market.demand_q32)
    price = quote(job.macs, rules, candidate.registration, market.demand_q32)
    most = quote(job.macs, rules, candidate.registration, market.highest_demand)
    capped = job.price if most is None else min(most, job.price)
    refused = refusal(job, rules, candidate.owner, conditions)
    return ProviderQuote(
        owner=candidate.owner,
        ask=candidate.registration.ask,
        price=None if price is None else price + job.premium,
        price_at_most=capped + job.premium if refused is None else None,
        refused=refused,
        needed=sum(locked(job.offered, rules)),
        room=conditions.stake.exposable(by_operator=candidate.by_operator),
        from_slot=first_window(rules, conditions) * market.checkpoint_slots,
        max_macs=candidate.registration.max_macs,
        active=candidate.active,
        turn_slots=_first_turn(market, job, [candidate]),
        work_slots=_work_slots(job.macs, candidate.rate),
    )


def recommended_price(market: Market, job: PlannedJob) -> int | None:
    """Returns the least price that half of the fitting providers take whatever demand does.

    A provider fits where it could take the job at what it asks. Where the stake of too few covers
    such a price, the price is the one that most of them take. None where nobody fits.
    """
    rules = market.parameters.job_registry
    asked: list[int] = []
    for each in market.candidates:
        most = quote(job.macs, rules, each.registration, market.highest_demand)
        if most is not None:
            price = max(-(-most // ROUNDING) * ROUNDING, rules.min_price)
            if _takes(market, job, each, price):
                asked.append(price)
    if not asked:
        return None
    takers = {
        price: sum(_takes(market, job, each, price) for each in market.candidates)
        for price in _spread(sorted(set(asked)))
    }
    enough = min(max(takers.values()), -(-len(asked) // 2))
    return min(price for price, count in takers.items() if count >= enough)


def _takes(market: Market, job: PlannedJob, candidate: Candidate, price: int) -> bool:
    priced = PlannedJob(job.buyer, job.macs, price, job.premium, job.posted_slot)
    conditions = market.conditions(candidate, market.highest_demand)
    rules = market.parameters.job_registry
    return refusal(priced, rules, candidate.owner, conditions) is None


def _spread(prices: Sequence[int]) -> Iterator[int]:
    """Yields at most MOST_TRIED of sorted prices, evenly chosen, the first and the last among them."""
    count = min(len(prices), MOST_TRIED)
    for at in range(count):
        yield prices[at * (len(prices) - 1) // max(1, count - 1)]


def _work_slots(macs: int, rate: int) -> int:
    return -(-macs // rate) if rate else 0


def _duration(market: Market, job: PlannedJob, able: Sequence[Candidate]) -> Duration:
    rules, judging = market.parameters.job_registry, market.parameters.verdict
    longest_lease = rules.lease_slots + job.macs // rules.min_rate_macs_per_slot
    turn = CLAIM_DELAY + rules.claim_max_delay_slots
    claim = Span(_first_turn(market, job, able), min(turn, rules.claim_window_slots))
    if not able:
        claim = Span(rules.claim_window_slots, rules.claim_window_slots)
    draw = Span(DRAW_DELAY + 1, DRAW_DELAY + 1 + judging.salt_slots)
    ballots = Span(judging.ballot_slots + 1, judging.ballot_slots + judging.reveal_slots + 1)
    windows = (judging.challenge_slots, judging.public_slots, judging.proof_slots)
    leases = rules.max_attempts * (rules.claim_window_slots + longest_lease + 1)
    draws = MAX_DRAWS * (draw.latest + ballots.latest)
    return Duration(
        claim=claim,
        work=Span(
            min((_work_slots(job.macs, each.rate) for each in able), default=0), longest_lease
        ),
        draw=draw,
        ballots=ballots,
        window=Span(judging.challenge_slots + 1, judging.challenge_slots + 1),
        worst=leases + draws + judging.answer_slots + max(windows) + judging.trap_slots + 1,
    )


def _first_turn(market: Market, job: PlannedJob, able: Sequence[Candidate]) -> int:
    """Returns the slots that the first of several providers waits for its turn on average."""
    rules = market.parameters.job_registry
    together = sum(
        claim_weight(job.posted_slot, rules, market.conditions(each, market.demand_q32))
        for each in able
    )
    standing = market.leasable.standing(job.posted_slot // market.checkpoint_slots)
    return CLAIM_DELAY + delay(rules, MEAN_LOT, together, standing)
