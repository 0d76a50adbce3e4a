"""`neurolov bench`: what the programs cost."""

import click

from keeper.cli.benchmark.scenario import Figures, run_scenario
from keeper.cli.benchmark.units import Measured
from keeper.cli.options import answer, json_option

CALLING_LIMIT = 40_000
PLAIN_LIMIT = 10_000
LIFECYCLE_LIMIT = 130_000
BALLOT_LIMIT = 20_000
FAILED = 1


@click.group()
def bench() -> None:
    """Measure."""


@bench.command()
@json_option
def programs(as_json: bool) -> int:
    """Compute units of every instruction, of a job without ballots, and of a ballot.

    Exits with 1 when a limit is passed.
    """
    figures = run_scenario()
    lifecycle, ballot = sum(figures.lifecycle.values()), sum(figures.ballot.values())
    document = {
        "instructions": {name: each.units for name, each in figures.instructions.items()},
        "lifecycle": lifecycle,
        "lifecycle_parts": figures.lifecycle,
        "ballot": ballot,
        "ballot_parts": figures.ballot,
        "limits": {
            "calling": CALLING_LIMIT,
            "plain": PLAIN_LIMIT,
            "lifecycle": LIFECYCLE_LIMIT,
            "ballot": BALLOT_LIMIT,
        },
    }
    answer(document, as_json, *_lines(figures, lifecycle, ballot))
    within = not any(map(_excess, figures.instructions.values()))
    return 0 if within and lifecycle <= LIFECYCLE_LIMIT and ballot <= BALLOT_LIMIT else FAILED


def _excess(each: Measured) -> int:
    """Units above the limit: an instruction that creates accounts calls the system program."""
    return max(0, each.units - (CALLING_LIMIT if each.calls else PLAIN_LIMIT))


def _lines(figures: Figures, lifecycle: int, ballot: int) -> list[str]:
    return [
        *(
            f"{each.units:>9,}  {name}" + (f"  (+{_excess(each):,})" if _excess(each) else "")
            for name, each in figures.instructions.items()
        ),
        f"{lifecycle:>9,}  a job without ballots, of {LIFECYCLE_LIMIT:,}",
        f"{ballot:>9,}  a ballot cast and revealed, of {BALLOT_LIMIT:,}",
    ]
