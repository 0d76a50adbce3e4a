"""`neurolov bench sharing`: how evenly jobs share one adapter."""

from dataclasses import asdict

import click
from rich.console import Console

from keeper.cli.options import answer, json_option
from keeper.lab.bench.sharing import Scenario, measure_sharing

FAILED = 1
FAIRNESS_LIMIT = 0.95


@click.command()
@json_option
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1, max=60.0),
    default=1.0,
    show_default=True,
    help="Device seconds per tenant.",
)
def sharing(as_json: bool, seconds: float) -> int:
    """Measure how evenly concurrent jobs of different sizes share one adapter.

    Exits with 1 when Jain's index of device seconds over weights is below 0.95.
    """
    with Console(stderr=True).status("measuring"):
        figures = measure_sharing(seconds)
    lines = [
        f"on {figures.adapter}",
        *_scenario_lines("two tenants", figures.two),
        *_scenario_lines("four tenants", figures.four),
        *_scenario_lines("two tenants, weights 3 and 1", figures.unequal_weights),
    ]
    answer(asdict(figures), as_json, *lines)
    return 0 if figures.fairness >= FAIRNESS_LIMIT else FAILED


def _scenario_lines(name: str, scenario: Scenario) -> list[str]:
    return [
        f"{scenario.fairness:>8.4f}  fairness of {name}, at least {FAIRNESS_LIMIT}",
        *(
            f"{each.device_seconds:>8.3f}  s of device time, {each.jobs} jobs of "
            f"{each.job_macs:,} multiply-adds"
            for each in scenario.tenants
        ),
    ]
