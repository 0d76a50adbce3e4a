"""A task's quote as a document and as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from keeper.amounts import nlov, sol
from keeper.chain.gateway import Gateway
from keeper.cli.buying.balances import Balance, balance_of
from keeper.node.buying.lamports import NetworkCosts
from keeper.node.timeline import Timeline
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.decisions.quote import TaskQuote
from keeper.tolerant.roles.quoting import quote_task, task_network_costs


@dataclass(frozen=True, slots=True)
class QuotedTask:
    """A quote with what it costs in SOL, the time, and the buyer's balance where it is known."""

    quote: TaskQuote
    network: NetworkCosts
    timeline: Timeline
    balance: Balance | None

    @property
    def document(self) -> dict[str, Any]:
        """The quote as JSON values: base units, lamports and slots."""
        quote = self.quote
        return {
            "slot": self.timeline.document(quote.slot),
            "offer": {
                "price": quote.offer.price,
                "tip": quote.offer.tip,
                "n": quote.offer.n,
                "max_runs": quote.offer.max_runs,
            },
            "joinable": self.verdict is None,
            "providers": {
                "registered": quote.providers,
                "able": [str(each) for each in quote.able],
                "exposure": quote.exposure,
                "bond": quote.bond,
            },
            "payment": {
                "locked": quote.locked,
                "burned": quote.burned,
                "leaves_account": quote.total,
                "at_most": quote.total,
                "agreeing": quote.agreeing,
                "undecided": quote.undecided,
                "returned": quote.returned,
            },
            "lamports": {
                "rent_returned": self.network.returned,
                "rent_kept": self.network.kept,
                "fees": self.network.fees,
            },
            "end": {
                "best": self.timeline.document(quote.slot + quote.best),
                "latest": self.timeline.document(quote.slot + quote.latest),
            },
            "buyer": None if self.balance is None else self.balance.document,
        }

    @property
    def lines(self) -> Iterator[str]:
        """The quote as text."""
        quote, offer = self.quote, self.quote.offer
        yield (
            f"runs:     {offer.n} at first, {offer.max_runs} at most, each {nlov(offer.price)} NLOV"
        )
        yield (
            f"provider: {len(quote.able)} of {quote.providers} have the stake; a run risks "
            f"{nlov(quote.exposure)} NLOV and a bond of {nlov(quote.bond)} NLOV"
        )
        yield f"locked:   {nlov(quote.locked)} NLOV, for every run and every tip"
        yield f"burned:   {nlov(quote.burned)} NLOV at once"
        yield f"paid:     {nlov(quote.total)} NLOV at most, whatever happens"
        yield (
            f"expected: {nlov(quote.agreeing)} NLOV if all of the first runs agree, at most "
            f"{nlov(quote.undecided)} NLOV if none ever do"
        )
        yield f"returned: about {nlov(quote.returned)} NLOV at the end"
        yield (
            f"in SOL:   rent {sol(self.network.returned)} that comes back, "
            f"{sol(self.network.kept)} that stays, fees about {sol(self.network.fees)}"
        )
        yield f"end:      {self.timeline.told(quote.slot + quote.best)} at the earliest"
        yield f"          {self.timeline.told(quote.slot + quote.latest)} by every deadline"
        if self.balance is not None:
            yield self.balance.line

    @property
    def verdict(self) -> str | None:
        """Why the task could not be run, in one sentence; None where it could."""
        quote = self.quote
        if len(quote.able) >= quote.offer.n:
            return None
        return (
            f"{quote.offer.n} providers have to join, and {len(quote.able)} of {quote.providers} "
            "have the stake for this price"
        )


async def quoted_task(gateway: Gateway, offer: TaskOffer, buyer: Pubkey | None) -> QuotedTask:
    """Returns the quote of a task for a buyer, by the chain as it is now; raises ChainError."""
    return QuotedTask(
        quote=await quote_task(gateway, offer, buyer),
        network=await task_network_costs(gateway, buyer),
        timeline=await Timeline.of(gateway),
        balance=None if buyer is None else await balance_of(gateway, buyer),
    )
