"""`neurolov bench poc`: the cost of committing, verifying and disputing."""

from dataclasses import asdict
from itertools import pairwise

import click
from rich.console import Console

from keeper.cli.options import answer, json_option
from keeper.lab.bench.proof import ProofFigures, measure_proof

FAILED = 1
CHECK_LIMIT = 0.10
REFEREE_LIMITS = {"1024": 60_000, "4096": 120_000}
TRANSACTION_LIMIT = 12
COMMIT_OVERHEAD_LIMIT = 0.05
GPU_OVERHEAD_LIMIT = 0.25


@click.command()
@json_option
@click.option(
    "--size",
    type=click.IntRange(min=64, max=2048),
    default=2048,
    show_default=True,
    help="Edge of the network's matrices; the double is measured too.",
)
@click.option(
    "--corruptions",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Number of corrupted outputs to check.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Number of runs; figures are their medians.",
)
def poc(as_json: bool, size: int, corruptions: int, runs: int) -> int:
    """Measure the cost of committing, verifying and disputing, and what a check catches.

    Exits with 1 when a target is missed.
    """
    with Console(stderr=True).status("measuring") as status:
        figures = measure_proof(size, corruptions, runs, status.update)
    answer(asdict(figures), as_json, *_proof_lines(figures))
    caught = figures.detection["caught"] == figures.detection["corruptions"]
    by_size = list(figures.freivalds_ratio_by_size.values())
    falling = all(after < before for before, after in pairwise(by_size))
    within = all(value <= limit for _, value, limit in _ratios(figures))
    proven = figures.dispute_transactions <= TRANSACTION_LIMIT and all(
        figures.referee_cu[terms] <= limit for terms, limit in REFEREE_LIMITS.items()
    )
    return 0 if caught and falling and within and proven else FAILED


def _ratios(figures: ProofFigures) -> list[tuple[str, float, float]]:
    overhead_limit = GPU_OVERHEAD_LIMIT if figures.on_gpu else COMMIT_OVERHEAD_LIMIT
    return [
        ("checking the matmuls / computing them", figures.freivalds_ratio, CHECK_LIMIT),
        ("verifying / executing", figures.verify_ratio, CHECK_LIMIT),
        ("hashing the trace / executing", figures.commit_overhead, overhead_limit),
    ]


def _proof_lines(figures: ProofFigures) -> list[str]:
    found = figures.detection
    return [
        f"on {figures.adapter}",
        *(f"{value:>8.4f}  {name}, at most {limit}" for name, value, limit in _ratios(figures)),
        *(
            f"{ratio:>8.4f}  the same at size {size}, must fall with size"
            for size, ratio in figures.freivalds_ratio_by_size.items()
        ),
        f"{found['caught']:>8,}  corruptions caught of {found['corruptions']:,}",
        *(
            f"{figures.referee_cu[terms]:>8,}  units to prove a product of {terms} terms wrong, "
            f"at most {limit:,}"
            for terms, limit in REFEREE_LIMITS.items()
        ),
        f"{figures.dispute_transactions:>8,}  transactions per dispute over the larger product, "
        f"at most {TRANSACTION_LIMIT}",
    ]
