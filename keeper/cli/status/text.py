"""A role's record as text that fits the terminal."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from keeper.amounts import nlov
from keeper.cli.stake.holding import holding_lines
from keeper.cli.status.document import Served, loss_document, work_counts
from keeper.node.timeline import Timeline
from keeper.record.engagements import Part
from keeper.record.report import OwnerReport

SHOWN_JOBS = 20
"""The latest jobs and tasks in the text; the document has all."""
ADDRESS_CHARACTERS = 44

REGISTER = {
    Part.PROVIDER: "neurolov provider run, or with the owner's key: neurolov provider register",
    Part.VERIFIER: "neurolov verifier run, or with the owner's key: neurolov verifier register",
}
COUNTS = {
    "claims": "claimed",
    "commits": "commits",
    "lost_leases": "lost leases",
}


def print_report(
    report: OwnerReport, timeline: Timeline, part: Part, served: Served | None, console: Console
) -> None:
    """Print the status of a role."""
    lines = [
        f"{part} {report.holding.owner}",
        *_registration(report, part, served),
        _reach(report, timeline),
        ", ".join(
            f"{count:,} {COUNTS.get(name, name)}"
            for name, count in work_counts(report, part).items()
        ),
    ]
    _say(console, lines)
    _earnings(report, console)
    _work(report, console)
    _at_risk(report, timeline, console)
    _losses(report, timeline, console)
    _say(console, holding_lines(report.holding, timeline))


def _say(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)


def _registration(report: OwnerReport, part: Part, served: Served | None) -> list[str]:
    if part is Part.CRANK:
        return []
    if served is None:
        return [f"not registered as a {part}; run: {REGISTER[part]}"]
    lines = []
    if part is Part.PROVIDER and report.provider is not None:
        found = report.provider
        lines.append(
            f"asks {nlov(found.ask)} NLOV per 2^30 multiply-adds, reputation "
            f"{report.reputation:.3f}; jobs: {found.completed} completed, {found.failed} failed"
        )
        if found.draining:
            lines.append("draining: it takes no new work")
    answering = "answers now" if served.answers else f"does not answer now: {served.error}"
    lines.append(f"{served.url} {answering}")
    return lines


def _reach(report: OwnerReport, timeline: Timeline) -> str:
    history = report.history
    if not history.transactions:
        return f"no transaction of it was found ({history.why or 'there is none'})"
    since = max(history.from_slot, history.transactions[0].slot)
    first = "its first, " if history.whole else ""
    why = "" if history.whole else f"; {history.why}"
    count = len(history.transactions)
    return f"read {count:,} transactions back to {first}{timeline.told(since)}{why}"


def _earnings(report: OwnerReport, console: Console) -> None:
    _say(
        console,
        [
            f"paid {nlov(report.paid)} NLOV, to pull {nlov(report.to_pull)} NLOV, "
            f"pending at most {nlov(report.pending)} NLOV, lost {nlov(report.lost)} NLOV"
        ],
    )
    if not report.days:
        return
    table = _table("By day (UTC), in NLOV")
    table.add_column("day", no_wrap=True)
    for column in ("paid", "rewards", "lost"):
        table.add_column(column, justify="right", overflow="fold")
    for day in report.days:
        table.add_row(day.day, nlov(day.paid), nlov(day.rewards), nlov(day.lost))
    console.print(table)


def _work(report: OwnerReport, console: Console) -> None:
    rows = report.work
    if not rows:
        return
    title = "By job, in NLOV; open is what waits to be pulled or is pending"
    if len(rows) > SHOWN_JOBS:
        title += f"\nThe latest {SHOWN_JOBS} of {len(rows):,}; --json has all"
    table = _table(title)
    _address_column(table, "job")
    table.add_column("state", overflow="fold")
    for column in ("paid", "open"):
        table.add_column(column, justify="right", overflow="fold")
    for each, standing in rows[:SHOWN_JOBS]:
        ended = each.outcome.name.lower() if each.outcome is not None else None
        table.add_row(
            str(each.work),
            ended or standing.state,
            nlov(each.paid),
            nlov(standing.to_pull + standing.pending),
        )
    console.print(table)


def _at_risk(report: OwnerReport, timeline: Timeline, console: Console) -> None:
    if not report.present.at_risk:
        _say(console, ["nothing is at risk in a job now"])
        return
    table = _table("At risk now, in NLOV")
    _address_column(table, "job, and until when at least")
    table.add_column("state", overflow="fold")
    table.add_column("exposure", justify="right", overflow="fold")
    table.add_column("bond", justify="right", overflow="fold")
    for each in report.present.at_risk:
        until = "the next step frees it" if each.until is None else timeline.told(each.until)
        table.add_row(f"{each.work}\n{until}", each.state, nlov(each.exposure), nlov(each.bond))
    console.print(table)


def _losses(report: OwnerReport, timeline: Timeline, console: Console) -> None:
    for loss in report.losses:
        told = loss_document(report, loss, timeline)
        when = timeline.told(loss.slot, loss.seconds)
        _say(
            console,
            [
                f"{loss.kind}: {nlov(loss.amount)} NLOV at {when}",
                f"  {told['reason']}",
                f"  neurolov audit {told['job']}",
            ],
        )
        if told["receipt"] is not None:
            _say(console, [f"  neurolov replay {told['receipt']}"])


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, padding=(0, 1), pad_edge=False)


def _address_column(table: Table, name: str) -> None:
    table.add_column(name, no_wrap=True, min_width=ADDRESS_CHARACTERS)
