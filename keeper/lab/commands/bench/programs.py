"""`neurolov bench programs`: the compute units of the programs."""

import click

from keeper.cli.options import answer, json_option
from keeper.lab.bench.baseline import MORE, Baseline, baseline
from keeper.lab.bench.scenario import Figures, run_scenario
from keeper.lab.bench.units import Measured, Span

FAILED = 1
CALLING_LIMIT = 40_000
PLAIN_LIMIT = 10_000
LIFECYCLE_LIMIT = 130_000
BALLOT_LIMIT = 20_000
JUDGING = ("verdict.answer_element", "verdict.prove_fraud")


@click.command()
@json_option
def programs(as_json: bool) -> int:
    """Measure the compute units of instructions, of a job and of a ballot.

    Earlier figures are shown beside them. Exits with 1 when a limit is exceeded.
    """
    figures, before = run_scenario(), baseline()
    lifecycle, ballot = sum(figures.lifecycle.values()), sum(figures.ballot.values())
    document = {
        "instructions": {name: each.units for name, each in figures.instructions.items()},
        "cheapest": {name: span.least for name, span in figures.spans.items()},
        "changes": {name: before.change(name, span) for name, span in figures.spans.items()},
        "before": {
            "instructions": {name: span.most for name, span in before.instructions.items()},
            "cheapest": {name: span.least for name, span in before.instructions.items()},
            "lifecycle": before.lifecycle,
            "ballot": before.ballot,
        },
        "lifecycle": lifecycle,
        "lifecycle_parts": figures.lifecycle,
        "ballot": ballot,
        "ballot_parts": figures.ballot,
        "limits": {
            "calling": CALLING_LIMIT,
            "plain": PLAIN_LIMIT,
            "lifecycle": LIFECYCLE_LIMIT,
            "ballot": BALLOT_LIMIT,
            "more": dict(MORE),
        },
    }
    answer(document, as_json, *_lines(figures, lifecycle, ballot))
    within = not any(map(_excess, figures.instructions.values())) and not any(
        before.excess(name, span) for name, span in figures.spans.items()
    )
    return 0 if within and lifecycle <= LIFECYCLE_LIMIT and ballot <= BALLOT_LIMIT else FAILED


def _excess(each: Measured) -> int:
    """Returns the units above the limit.

    The higher limit applies to instructions that call other programs, as creating an account does,
    and to those in which the referee judges.
    """
    dear = each.calls or each.name in JUDGING
    return max(0, each.units - (CALLING_LIMIT if dear else PLAIN_LIMIT))


def _lines(figures: Figures, lifecycle: int, ballot: int) -> list[str]:
    before = baseline()
    return [
        "  dearest    before  cheapest    before  change",
        *(_line(each, figures.spans[name], before) for name, each in figures.instructions.items()),
        f"{lifecycle:>9,} {before.lifecycle:>9,}  a job without ballots, of {LIFECYCLE_LIMIT:,}",
        f"{ballot:>9,} {before.ballot:>9,}  a ballot cast and revealed, of {BALLOT_LIMIT:,}",
    ]


def _line(each: Measured, span: Span, before: Baseline) -> str:
    known, change = before.instructions.get(each.name), before.change(each.name, span)
    columns = [
        f"{each.units:>9,}",
        f"{known.most:>9,}" if known else f"{'-':>9}",
        f"{span.least:>9,}",
        f"{known.least:>9,}" if known else f"{'-':>9}",
        f"{'-':>7}" if change is None else f"{change:>+7,}",
        f" {each.name}",
    ]
    over = max(_excess(each), before.excess(each.name, span))
    return " ".join(columns) + (f"  ({over:,} over its limit)" if over else "")
