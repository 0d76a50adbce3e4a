"""What a job of a model will cost, before anything is quantised."""

from typing import Any, Final

import click

from keeper.amounts import nlov
from keeper.cli.job.offering import Offering
from keeper.cli.job.quoted import quoted
from keeper.cli.options import FEE, TIP, VERIFIERS, run_async
from keeper.cli.options.providing import ASK
from keeper.cli.output import tell
from keeper.configuration import NodeSettings
from keeper.exact.roles.quoting import size_of
from keeper.node.connection import open_observer
from keeper.node.timeline import duration
from kernels.graph import Graph
from neurolov_client.bindings.job_registry import ASK_MACS

ASSUMED_RATE: Final = 10**9
"""Multiply-adds per second of the provider that an estimate without a market assumes."""
MEGABYTE: Final = 10**6

url_option = click.option(
    "--url",
    help="JSON-RPC URL of the cluster whose market prices the job; by default one is assumed.",
)


def told_cost(graph: Graph, url: str | None) -> dict[str, Any]:
    """Prints what a job of the graph takes and costs, and returns it as JSON values.

    With a URL the price is what the market's providers ask, and the time what they declare. Raises
    ChainError.
    """
    size = size_of(graph)
    tell(
        f"cost:     {size.macs:,} multiply-adds, {_amount(size.trace_bytes)} of trace, "
        f"{_amount(size.memory_bytes)} of device memory"
    )
    document: dict[str, Any] = {
        "multiply_adds": size.macs,
        "trace_bytes": size.trace_bytes,
        "memory_bytes": size.memory_bytes,
    }
    return document | (_assumed(size.macs) if url is None else _asked(graph, url))


def _assumed(macs: int) -> dict[str, Any]:
    ask = _default(ASK)
    price, seconds = ask * macs // ASK_MACS, macs / ASSUMED_RATE
    tell(
        f"price:    about {nlov(price)} NLOV for {_length(seconds)} of work, if a provider asks "
        f"{nlov(ask)} NLOV per 2^30 multiply-adds and computes {ASSUMED_RATE:,} per second; "
        "--url asks a market"
    )
    return {
        "price": price,
        "seconds": seconds,
        "assumed": {"ask": ask, "multiply_adds_per_second": ASSUMED_RATE},
    }


def _asked(graph: Graph, url: str) -> dict[str, Any]:
    offering = Offering(None, _default(FEE), _default(TIP), 0, _default(VERIFIERS))

    async def work() -> dict[str, Any]:
        async with open_observer(NodeSettings(url=url)) as observer:
            found = await quoted(observer.gateway, graph, offering, None)
        recommended, timeline = found.quote.recommended, found.timeline
        slots = found.quote.duration.best
        if recommended is None:
            tell("price:    nobody on this market could take the job at any price")
        else:
            tell(
                f"price:    {nlov(recommended)} NLOV is recommended for the work on this market; "
                f"the job takes {timeline.lasting(slots)} or more"
            )
        return {
            "price": recommended,
            "seconds": slots * timeline.slot_seconds,
            "assumed": None,
        }

    return run_async(work())


def _length(seconds: float) -> str:
    return duration(seconds) if seconds >= 1 else "less than a second"


def _amount(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB" if count >= MEGABYTE else f"{count:,} bytes"


def _default(setting: Any) -> int:
    """Returns a setting's default in base units, or as the number that it is."""
    option = setting.example
    return int(option.type_cast_value(click.Context(click.Command("cost")), option.default))
