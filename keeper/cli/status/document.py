"""A role's record as a JSON document; amounts are base units."""

from dataclasses import asdict, dataclass
from typing import Any

from keeper.cli.stake.holding import holding_document
from keeper.exact.decisions.state import voids
from keeper.node.timeline import Timeline
from keeper.record.engagements import Engagement, Part
from keeper.record.losses import Loss
from keeper.record.present import AtRisk, Standing
from keeper.record.report import OwnerReport
from neurolov_client import verdict
from neurolov_client.bindings.verdict import Reason

REASONS = {
    Reason.WRONG_ELEMENT: "a wrong element of its result was proven",
    Reason.UNANSWERED: "it did not show an element of its data in time",
}


@dataclass(frozen=True, slots=True)
class Served:
    """A registered URL, and whether a data server answers there now; `error` says why not."""

    url: str
    answers: bool
    error: str | None = None


def report_document(
    report: OwnerReport, timeline: Timeline, part: Part, served: Served | None
) -> dict[str, Any]:
    """Returns the document of a role's status."""
    history = report.history
    first = history.transactions[0].slot if history.transactions else timeline.slot
    return {
        "address": str(report.holding.owner),
        "role": str(part),
        "read": {
            "transactions": len(history.transactions),
            "from": timeline.document(max(history.from_slot, first)),
            "to": timeline.document(report.holding.slot),
            "whole": history.whole,
            "why": history.why or None,
        },
        "registration": _registration(report, part, timeline),
        "endpoint": None if served is None else asdict(served),
        "earnings": {
            "paid": report.paid,
            "to_pull": report.to_pull,
            "pending": report.pending,
            "rewards_claimed": sum(each.amount for each in report.engagements.rewards),
            "lost": report.lost,
            "by_day": [asdict(day) for day in report.days],
            "by_job": [_row(*row, timeline) for row in report.work],
        },
        "work": work_counts(report, part),
        "at_risk": [_at_risk(each, timeline) for each in report.present.at_risk],
        "losses": [loss_document(report, each, timeline) for each in report.losses],
        "stake": holding_document(report.holding, timeline),
    }


def work_counts(report: OwnerReport, part: Part) -> dict[str, int]:
    """Returns how often a role did what it should, and how often it did not."""
    match part:
        case Part.PROVIDER:
            counts = {
                name: report.total(part, name) for name in ("claims", "commits", "lost_leases")
            }
            counts["settled"] = _outcomes(report, paid=True)
            counts["voided"] = _outcomes(report, paid=False)
            return counts
        case Part.VERIFIER:
            answered = {name: report.total(part, name) for name in ("cast", "declined", "missed")}
            waiting = len(report.present.open_ballots)
            drawn = sum(answered.values()) + waiting
            return {
                "drawn": drawn,
                **answered,
                "waiting": waiting,
                "withheld": report.total(part, "withheld"),
            }
        case _:
            return {"jobs": sum(part in each.parts for each, _ in report.work)}


def loss_document(report: OwnerReport, loss: Loss, timeline: Timeline) -> dict[str, Any]:
    """Returns a loss with the address of the receipt that `neurolov replay` takes."""
    receipt = report.present.receipts.get(loss.work)
    about_owner = receipt is not None and receipt.provider == report.holding.owner
    return {
        "kind": str(loss.kind),
        "amount": loss.amount,
        "reason": REASONS[Reason(receipt.reason)]
        if receipt is not None and about_owner and loss.is_conviction
        else loss.reason,
        "job": str(loss.work),
        "receipt": str(verdict.receipt_address(loss.work)) if receipt is not None else None,
        "at": timeline.document(loss.slot, loss.seconds),
    }


def _outcomes(report: OwnerReport, *, paid: bool) -> int:
    """Returns the number of the provider's jobs whose end the history tells, paid or voided."""
    return sum(
        each.outcome is not None and voids(each.outcome) is not paid
        for each in report.engagements.by_work.values()
        if each.commits
    )


def _registration(report: OwnerReport, part: Part, timeline: Timeline) -> dict[str, Any] | None:
    if part is Part.PROVIDER and (found := report.provider) is not None:
        return {
            "ask": found.ask,
            "max_macs": found.max_macs,
            "memory_bytes": found.memory_bytes,
            "measured_rate": found.measured_rate,
            "registered": timeline.document(found.registered_slot),
            "reputation": report.reputation,
            "rated": timeline.document(found.rated_slot),
            "completed": found.completed,
            "failed": found.failed,
            "active": found.active,
            "draining": bool(found.draining),
        }
    if part is Part.VERIFIER and (seated := report.verifier) is not None:
        return {"seat": seated.seat, "registered": timeline.document(seated.registered_slot)}
    return None


def _row(each: Engagement, standing: Standing, timeline: Timeline) -> dict[str, Any]:
    return {
        "job": str(each.work),
        "kind": {True: "task", False: "job", None: None}[each.is_task],
        "parts": sorted(map(str, each.parts)),
        "state": standing.state,
        "until": None if standing.until is None else timeline.document(standing.until),
        "outcome": None if each.outcome is None else each.outcome.name.lower(),
        "paid": each.paid,
        "to_pull": standing.to_pull,
        "pending": standing.pending,
        "latest": timeline.document(each.slot, each.seconds or None),
    }


def _at_risk(each: AtRisk, timeline: Timeline) -> dict[str, Any]:
    return {
        "job": str(each.work),
        "backs": "ballot" if each.ballot else "lease",
        "exposure": each.exposure,
        "bond": each.bond,
        "state": each.state,
        "until": None if each.until is None else timeline.document(each.until),
    }
