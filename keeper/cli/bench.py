"""`neurolov bench`: what the programs cost."""

import click

from keeper.cli.benchmark.scenario import Figures, run_scenario
from keeper.cli.options import answer, json_option

INSTRUCTION_LIMIT = 40_000
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
        "instructions": figures.instructions,
        "lifecycle": lifecycle,
        "lifecycle_parts": figures.lifecycle,
        "ballot": ballot,
        "ballot_parts": figures.ballot,
        "limits": {
            "instruction": INSTRUCTION_LIMIT,
            "lifecycle": LIFECYCLE_LIMIT,
            "ballot": BALLOT_LIMIT,
        },
    }
    answer(document, as_json, *_lines(figures, lifecycle, ballot))
    dearest = max(figures.instructions.values())
    within = (
        dearest <= INSTRUCTION_LIMIT and lifecycle <= LIFECYCLE_LIMIT and ballot <= BALLOT_LIMIT
    )
    return 0 if within else FAILED


def _lines(figures: Figures, lifecycle: int, ballot: int) -> list[str]:
    return [
        *(f"{units:>9,}  {name}" for name, units in figures.instructions.items()),
        f"{lifecycle:>9,}  a job without ballots, of {LIFECYCLE_LIMIT:,}",
        f"{ballot:>9,}  a ballot cast and revealed, of {BALLOT_LIMIT:,}",
    ]
