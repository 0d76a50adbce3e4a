"""What a job would cost and how long it would take, by the rules that the chain applies to it.

A quote is of one slot. Asks, stakes and measured rates may change afterwards; whatever they do, no
more is paid than is locked, and no more for the work than its price and the premium.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from solders.pubkey import Pubkey

from keeper.exact.decisions.duration import Duration, average_turn, duration, work_slots
from keeper.exact.decisions.market import Candidate, Market, PlannedJob, Size
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.decisions.selection import Refusal, first_window, locked, quote, refusal
from keeper.node.decisions.fixed_point import U64_MAX

USUAL_TIPS: Final = 2
"""Crank steps of a job that others take and are tipped for: the tally and the settlement."""
ROUNDING: Final = 10_000_000
"""Base units of which a recommended price is a multiple: a hundredth of a token."""
MOST_TRIED: Final = 32
"""Prices that are tried before one is recommended."""


@dataclass(frozen=True, slots=True)
class ProviderQuote:
    """What one provider would be paid for the job, in base units, premium included.

    `price` is by the demand now, None beyond u64; `price_at_most` by the most that demand can be
    until the claim, as long as the ask stays what it is. `refused` is why the chain would not let
    the provider take the job as offered. `needed` is the stake that the job would expose, bond
    included, and `room` what the provider could expose. `from_slot` is the first slot whose
    postings it may take, `turn_slots` its average wait for its turn: the longest where its stake
    does not stand yet.
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
    memory_bytes: int
    has_memory: bool
    active: int
    turn_slots: int
    work_slots: int

    @property
    def able(self) -> bool:
        """Whether the provider could take the job as offered."""
        return self.refused is None and self.has_memory


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
class JobQuote:
    """What a job would cost; `recommended` is None where nobody could take it at any price.

    The providers that could take it come first, the cheapest first.
    """

    slot: int
    size: Size
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
        return tuple(each for each in self.providers if each.able)

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
        return not self.able and any(each.refused is Refusal.ASKS_MORE for each in self.providers)

    @property
    def lowest_ask(self) -> int | None:
        """The least price in base units that some provider takes now, without the premium."""
        asked = [
            each.price - self.costs.premium
            for each in self.providers
            if each.price is not None and each.refused in (None, Refusal.ASKS_MORE)
        ]
        return min(asked, default=None)


def job_quote(market: Market, size: Size, offer: JobOffer, buyer: Pubkey | None) -> JobQuote:
    """Returns what a job of this size costs if it is posted with the offer now."""
    job = _planned(market, size, offer, buyer)
    return _quoted(market, job, offer, [provider_quote(market, job, c) for c in market.candidates])


def recommended_quote(
    market: Market, size: Size, offer: JobOffer, buyer: Pubkey | None
) -> JobQuote:
    """Returns the same with the recommended price instead of the offer's.

    Where there is none, each provider is judged at the price that it asks.
    """
    job = _planned(market, size, offer, buyer)
    price = recommended_price(market, job)
    if price is not None:
        return job_quote(market, size, replace(offer, price=price), buyer)
    rules, demand = market.parameters.job_registry, market.demand_q32
    quoted = [
        provider_quote(market, replace(job, price=_asked(market, job, each, demand)), each)
        for each in market.candidates
    ]
    return _quoted(market, job, replace(offer, price=rules.min_price), quoted)


def provider_quote(
    market: Market, job: PlannedJob, candidate: Candidate, demand_q32: int | None = None
) -> ProviderQuote:
    """Returns what one provider would be paid, or why it could not take the job.

    `demand_q32` takes the place of the present demand.
    """
    rules = market.parameters.job_registry
    demand_q32 = market.demand_q32 if demand_q32 is None else demand_q32
    conditions = market.conditions(candidate, demand_q32)
    price = quote(job.macs, rules, candidate.registration, demand_q32)
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
        memory_bytes=candidate.memory_bytes,
        has_memory=candidate.memory_bytes >= job.size.memory_bytes,
        active=candidate.active,
        turn_slots=average_turn(market, job, candidate),
        work_slots=work_slots(job.macs, candidate.rate),
    )


def recommended_price(market: Market, job: PlannedJob) -> int | None:
    """Returns the least price that half of the fitting providers take whatever demand does.

    A provider fits where it could take the job at what it asks. Where the stake of too few covers
    such a price, the price is the one that most of them take. Where that of nobody does, the price
    is by the present demand, and None where still nobody fits.
    """
    highest = _recommended(market, job, market.highest_demand)
    return _recommended(market, job, market.demand_q32) if highest is None else highest


def _recommended(market: Market, job: PlannedJob, demand_q32: int) -> int | None:
    asked = [
        price
        for each in market.candidates
        if _takes(market, job, each, price := _asked(market, job, each, demand_q32), demand_q32)
    ]
    if not asked:
        return None
    takers = {
        price: sum(_takes(market, job, each, price, demand_q32) for each in market.candidates)
        for price in _spread(sorted(set(asked)))
    }
    enough = min(max(takers.values()), -(-len(asked) // 2))
    return min(price for price, count in takers.items() if count >= enough)


def _planned(market: Market, size: Size, offer: JobOffer, buyer: Pubkey | None) -> PlannedJob:
    premium = offer.premium(market.parameters.escrow)
    return PlannedJob(buyer, size, offer.price, premium, market.slot)


def _quoted(
    market: Market, job: PlannedJob, offer: JobOffer, quoted: Sequence[ProviderQuote]
) -> JobQuote:
    able = {each.owner for each in quoted if each.able}
    return JobQuote(
        slot=market.slot,
        size=job.size,
        offer=offer,
        demand_q32=market.demand_q32,
        demand_at_most_q32=market.highest_demand,
        costs=Costs(
            price=offer.price,
            verification=offer.verification,
            tips=offer.tips,
            premium=job.premium,
            burned=offer.burned(market.parameters.escrow),
        ),
        providers=tuple(
            sorted(quoted, key=lambda each: (not each.able, each.price or 0, bytes(each.owner)))
        ),
        duration=duration(market, job, [c for c in market.candidates if c.owner in able]),
        recommended=recommended_price(market, job),
    )


def _asked(market: Market, job: PlannedJob, candidate: Candidate, demand_q32: int) -> int:
    """Returns the price from which on a provider takes the job, at least the terms' least."""
    rules = market.parameters.job_registry
    most = quote(job.macs, rules, candidate.registration, demand_q32)
    rounded = -(-(U64_MAX if most is None else most) // ROUNDING) * ROUNDING
    return max(rounded, rules.min_price)


def _takes(
    market: Market, job: PlannedJob, candidate: Candidate, price: int, demand_q32: int
) -> bool:
    return provider_quote(market, replace(job, price=price), candidate, demand_q32).able


def _spread(prices: Sequence[int]) -> Iterator[int]:
    """Yields at most MOST_TRIED of sorted prices, evenly chosen, with the first and the last."""
    count = min(len(prices), MOST_TRIED)
    for at in range(count):
        yield prices[at * (len(prices) - 1) // max(1, count - 1)]
