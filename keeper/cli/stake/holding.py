"""An owner's stake as a document and as text."""

from collections.abc import Iterator
from typing import Any

from keeper.amounts import nlov
from keeper.node.holding import Holding
from keeper.node.operators import operator_document
from keeper.node.timeline import Timeline
from neurolov_client.bindings.staking import CATCH_RATE_ONE


def holding_document(holding: Holding, timeline: Timeline) -> dict[str, Any]:
    """Returns the stake of an owner; amounts are base units."""
    position = holding.position
    document: dict[str, Any] = {"owner": str(holding.owner), "open": position is not None}
    document["tickets"] = [
        {
            "ticket": ticket.number,
            "amount": ticket.amount,
            "available": timeline.document(ticket.available),
            "matured": ticket in holding.matured,
        }
        for ticket in holding.tickets
    ]
    if position is None:
        return document
    counts_from, next_maturity = holding.counts_from, holding.next_maturity
    return document | {
        "staked": position.amount,
        "free": holding.free,
        "exposed": position.exposed,
        "leased": holding.leased,
        "collateral": position.collateral,
        "balloted": position.balloted,
        "unbonding": position.unbonding,
        "next_maturity": (
            None if next_maturity is None else timeline.document(next_maturity.available)
        ),
        "counts_from": None if counts_from is None else timeline.document(counts_from),
        "rewards_owed": holding.rewards,
        "seat": holding.seat,
        "seat_state": holding.seat_state,
        "catch_rate": position.catch_rate / CATCH_RATE_ONE,
        "operator": _operator(holding),
    }


def holding_lines(holding: Holding, timeline: Timeline) -> Iterator[str]:
    """Yields the stake of an owner as text, and what it can do next."""
    position = holding.position
    if position is None:
        yield f"{holding.owner} has no stake"
        yield "next: neurolov stake add AMOUNT"
        return
    yield f"stake of {holding.owner}"
    yield f"  staked      {nlov(position.amount)} NLOV"
    yield f"  free        {nlov(holding.free)} NLOV"
    yield f"  in leases   {nlov(holding.leased)} NLOV"
    yield f"  collateral  {nlov(position.collateral)} NLOV" + _in_ballots(position.balloted)
    yield f"  unbonding   {nlov(position.unbonding)} NLOV"
    yield f"  rewards     {nlov(holding.rewards)} NLOV to claim"
    yield f"  seat        {_seat(holding)}"
    operator = _operator(holding)
    if operator is None:
        yield "  operator    none"
    else:
        yield f"  operator    {operator['operator'] or 'none any more'}"
        yield (
            f"              {nlov(operator['exposed'])} of {nlov(operator['budget'])} NLOV at risk"
        )
    if holding.counts_from is not None:
        yield f"  counts for work that is posted from {timeline.told(holding.counts_from)} on"
    for ticket in holding.tickets:
        matures = "matured" if ticket in holding.matured else "matures"
        yield f"  ticket {ticket.number}: {nlov(ticket.amount)} NLOV"
        yield f"    {matures} at {timeline.told(ticket.available)}"
    for step in _next_steps(holding):
        yield f"next: {step}"


def _in_ballots(balloted: int) -> str:
    return f", {nlov(balloted)} of it in ballots" if balloted else ""


def _seat(holding: Holding) -> str:
    position = holding.position
    if holding.seat is None or position is None:
        return "none"
    rate = position.catch_rate / CATCH_RATE_ONE
    return f"{holding.seat} ({holding.seat_state}), catch rate {rate:.3f}"


def _operator(holding: Holding) -> dict[str, Any] | None:
    """Returns the operator's document, None where none was ever named or has anything at risk."""
    if holding.position is None:
        return None
    document = operator_document(holding.position)
    if document["operator"] is None and not document["exposed"]:
        return None
    del document["owner"]
    return document


def _next_steps(holding: Holding) -> Iterator[str]:
    for ticket in holding.matured:
        yield f"neurolov stake withdraw {ticket.number}"
    if holding.rewards:
        yield "neurolov stake claim"
    if holding.position is not None and not holding.position.amount:
        yield "neurolov stake add AMOUNT"
