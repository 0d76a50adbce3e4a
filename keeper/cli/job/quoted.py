"""A job's quote as a document and as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from keeper.amounts import nlov, sol
from keeper.chain.gateway import Gateway
from keeper.cli.buying.balances import Balance, balance_of
from keeper.cli.job.offering import Offering
from keeper.exact.decisions.duration import Duration, Span
from keeper.exact.decisions.quote import JobQuote, ProviderQuote
from keeper.exact.decisions.selection import Refusal
from keeper.exact.roles.quoting import job_network_costs, quote_job
from keeper.node.buying.lamports import NetworkCosts
from keeper.node.timeline import Timeline
from kernels.graph import Graph
from neurolov_client.bindings.job_registry import Q32_ONE

SHOWN_CHARACTERS = 8
SHOWN_PROVIDERS = 10
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote with what it costs in SOL, the time, and the buyer's balance where it is known."""

    quote: JobQuote
    network: NetworkCosts
    timeline: Timeline
    balance: Balance | None

    @property
    def document(self) -> dict[str, Any]:
        """The quote as JSON values: base units, lamports, slots, and shares of 1."""
        quote, costs = self.quote, self.quote.costs
        offer = quote.offer
        return {
            "slot": self.timeline.document(quote.slot),
            "job": {
                "multiply_adds": quote.size.macs,
                "memory_bytes": quote.size.memory_bytes,
                "trace_bytes": quote.size.trace_bytes,
            },
            "offer": {
                "price": offer.price,
                "verification_fee": offer.verification_fee,
                "tip": offer.tip,
                "urgency": offer.urgency,
                "verifiers": offer.verifiers,
            },
            "recommended_price": quote.recommended,
            "lowest_ask": quote.lowest_ask,
            "below_every_ask": quote.below_every_ask,
            "claimable": bool(quote.able),
            "demand": {
                "now": _share(quote.demand_q32),
                "at_most": _share(quote.demand_at_most_q32),
            },
            "providers": [self._provider(each) for each in quote.providers],
            "payment": {
                "locked": {
                    "price": costs.price,
                    "verification": costs.verification,
                    "tips": costs.tips,
                    "premium": costs.premium,
                    "total": costs.locked,
                },
                "burned": costs.burned,
                "leaves_account": costs.total,
                "at_most": costs.total,
                "cheapest": self._spent(quote.cheapest),
                "typical": self._spent(quote.typical),
                "returned": self._returned(quote.typical),
            },
            "lamports": {
                "rent_returned": self.network.returned,
                "rent_kept": self.network.kept,
                "fees": self.network.fees,
            },
            "end": self._end(quote.duration),
            "buyer": None if self.balance is None else self.balance.document,
        }

    @property
    def lines(self) -> Iterator[str]:
        """The quote as text."""
        quote, costs = self.quote, self.quote.costs
        size = quote.size
        yield (
            f"work:     {size.macs:,} multiply-adds, {_mebibytes(size.memory_bytes)} of device "
            f"memory, {_mebibytes(size.trace_bytes)} of trace"
        )
        advice = "" if quote.recommended is None else f"; recommended: {_nlov(quote.recommended)}"
        yield f"price:    {_nlov(quote.offer.price)} at most for the work{advice}"
        now, most = _share(quote.demand_q32), _share(quote.demand_at_most_q32)
        yield f"demand:   {now:.1%} now, at most {most:.1%} until a claim; it raises what is paid"
        yield from self._provider_lines()
        yield (
            f"locked:   {_nlov(costs.locked)}: price {nlov(costs.price)}, verification "
            f"{nlov(costs.verification)}, tips {nlov(costs.tips)}, urgency {nlov(costs.premium)}"
        )
        yield f"burned:   {_nlov(costs.burned)} at once"
        yield f"paid:     {_nlov(costs.total)} at most, whatever happens"
        cheapest, typical = quote.cheapest, quote.typical
        if cheapest is not None and typical is not None:
            yield (
                f"expected: {_nlov(self._spent(cheapest))} with the cheapest provider, "
                f"{_nlov(self._spent(typical))} with a typical one"
            )
            yield f"returned: about {_nlov(self._returned(typical))} at the end"
        yield (
            f"in SOL:   rent {sol(self.network.returned)} that comes back, "
            f"{sol(self.network.kept)} that stays, fees about {sol(self.network.fees)}"
        )
        yield from self._end_lines(quote.duration)
        if self.balance is not None:
            yield self.balance.line

    @property
    def verdict(self) -> str | None:
        """Why nobody could take the job as offered, in one sentence; None where somebody could."""
        quote = self.quote
        if quote.able:
            return None
        if not quote.providers:
            return "nobody could take the job: no provider is registered"
        if quote.below_every_ask:
            advice = "" if quote.recommended is None else f"; try --price {nlov(quote.recommended)}"
            return (
                f"the price of {_nlov(quote.offer.price)} is below every ask; the lowest is "
                f"{_nlov(quote.lowest_ask)}{advice}"
            )
        reasons = "; ".join(
            f"{_short(each.owner)} {self.reason(each)}" for each in quote.providers[:3]
        )
        more = len(quote.providers) - 3
        return f"nobody could take the job: {reasons}" + (f"; {more} more" if more > 0 else "")

    def reason(self, provider: ProviderQuote) -> str | None:
        """Returns why a provider could not take the job, None where it could."""
        if provider.refused is None:
            short = f"has {_mebibytes(provider.memory_bytes)} of memory"
            return None if provider.has_memory else short
        price = None if provider.price is None else provider.price - self.quote.costs.premium
        return {
            Refusal.DRAINING: "takes no more work",
            Refusal.TOO_LARGE: f"takes at most {provider.max_macs:,} multiply-adds",
            Refusal.OWN_JOB: "is the buyer",
            Refusal.TOO_NEW: (
                f"may take what is posted from {self.timeline.told(provider.from_slot)} on"
            ),
            Refusal.ASKS_MORE: f"asks {_nlov(price)}" if price else "asks more than any price",
            Refusal.NO_ROOM: (
                f"can put {_nlov(provider.room)} at risk, the offer needs {_nlov(provider.needed)}"
            ),
        }[provider.refused]

    def _provider(self, each: ProviderQuote) -> dict[str, Any]:
        return {
            "provider": str(each.owner),
            "able": each.able,
            "reason": self.reason(each),
            "ask": each.ask,
            "price": each.price,
            "price_at_most": each.price_at_most,
            "exposure": each.needed,
            "room": each.room,
            "jobs_in_hand": each.active,
            "turn_slots": each.turn_slots,
            "work_slots": each.work_slots,
        }

    def _provider_lines(self) -> Iterator[str]:
        able = self.quote.able
        for each in able[:SHOWN_PROVIDERS]:
            busy = f", has {each.active} in hand" if each.active else ""
            yield (
                f"provider: {_short(each.owner)} would be paid {_nlov(each.price)}, at most "
                f"{_nlov(each.price_at_most)}; its work takes {each.work_slots:,} slots{busy}"
            )
        if len(able) > SHOWN_PROVIDERS:
            yield f"          {len(able) - SHOWN_PROVIDERS} more could take it; see --json"
        unable = [each for each in self.quote.providers if not each.able]
        for each in unable[:SHOWN_PROVIDERS]:
            yield f"          {_short(each.owner)} could not: it {self.reason(each)}"
        if len(unable) > SHOWN_PROVIDERS:
            yield f"          {len(unable) - SHOWN_PROVIDERS} more could not; see --json"

    def _spent(self, provider: ProviderQuote | None) -> int | None:
        if provider is None or provider.price is None:
            return None
        return self.quote.costs.spent(provider.price, self.quote.offer)

    def _returned(self, provider: ProviderQuote | None) -> int | None:
        spent = self._spent(provider)
        return None if spent is None else self.quote.costs.total - spent

    def _end(self, duration: Duration) -> dict[str, Any]:
        return {
            "best": self.timeline.document(self.quote.slot + duration.best),
            "latest": self.timeline.document(self.quote.slot + duration.latest),
            "worst": self.timeline.document(self.quote.slot + duration.worst),
            "slots": {
                name: {"best": part.best, "latest": part.latest}
                for name, part in _parts(duration).items()
            },
        }

    def _end_lines(self, duration: Duration) -> Iterator[str]:
        slot, told = self.quote.slot, self.timeline.told
        if self.quote.able:
            yield f"end:      {told(slot + duration.best)} if all act at once, as fast as declared"
            yield f"          {told(slot + duration.latest)} by the deadlines of one attempt"
            yield f"          {told(slot + duration.worst)} if every provider fails in turn"
            parts = ", ".join(f"{name} {_range(part)}" for name, part in _parts(duration).items())
            yield f"          slots: {parts}"
        else:
            yield f"end:      a refund in {told(slot + duration.claim.latest)}"


async def quoted(
    gateway: Gateway, graph: Graph, offering: Offering, buyer: Pubkey | None
) -> Quoted:
    """Returns the quote of a job for a buyer, by the chain as it is now; raises ChainError."""
    return Quoted(
        quote=await quote_job(
            gateway, graph, offering.offer, buyer, priced=offering.price is not None
        ),
        network=await job_network_costs(gateway, graph, buyer),
        timeline=await Timeline.of(gateway),
        balance=None if buyer is None else await balance_of(gateway, buyer),
    )


def _parts(duration: Duration) -> dict[str, Span]:
    return {
        "claim": duration.claim,
        "work": duration.work,
        "draw": duration.draw,
        "ballots": duration.ballots,
        "challenge": duration.window,
    }


def _range(part: Span) -> str:
    return f"{part.best:,}" if part.best == part.latest else f"{part.best:,} to {part.latest:,}"


def _nlov(amount: int | None) -> str:
    return "nothing" if amount is None else f"{nlov(amount)} NLOV"


def _share(q32: int) -> float:
    return round(q32 / Q32_ONE, 6)


def _mebibytes(count: int) -> str:
    return f"{count / MEBIBYTE:,.1f} MiB"


def _short(key: Pubkey) -> str:
    return f"{str(key)[:SHOWN_CHARACTERS]}…"
