"""`neurolov bench runtime`: the cost of a dispatch."""

from dataclasses import asdict

import click
from rich.console import Console

from keeper.cli.options import answer, json_option
from keeper.compute.executor import AdapterMissingError
from keeper.lab.bench.runtime import RuntimeFigures, measure_runtime
from kernels.runtime import AdapterUnavailable, select_adapter

FAILED = 1
DISPATCH_LIMIT_SECONDS = 20e-6


@click.command()
@json_option
@click.option("--adapter", help="Name of the adapter, or part of it.")
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Number of runs; figures are their medians.",
)
def runtime(as_json: bool, adapter: str | None, runs: int) -> int:
    """Measure the cost of a dispatch and what fusing and overlapping save.

    Exits with 1 when a dispatch takes Python more than 20 microseconds.
    """
    try:
        found = select_adapter(adapter)
    except AdapterUnavailable as error:
        raise AdapterMissingError(str(error)) from error
    with Console(stderr=True).status("measuring") as status:
        figures = measure_runtime(found, runs, status.update)
    document = asdict(figures)
    for name, fusion in figures.fusion.items():
        document["fusion"][name]["speedup"] = fusion.speedup
    answer(document, as_json, *_runtime_lines(figures))
    return 0 if figures.dispatch_seconds <= DISPATCH_LIMIT_SECONDS else FAILED


def _runtime_lines(figures: RuntimeFigures) -> list[str]:
    return [
        f"on {figures.adapter}",
        f"{figures.dispatch_seconds * 1e6:>8.1f}  µs per dispatch in Python, "
        f"at most {DISPATCH_LIMIT_SECONDS * 1e6:.0f}; "
        f"{figures.dispatch_completed_seconds * 1e6:.1f} until it has run",
        *(
            f"{each.fused_seconds * 1e3:>8.1f}  ms {name} in {each.dispatches} dispatches, "
            f"{each.unfused_seconds * 1e3:.1f} in {each.operators}"
            for name, each in figures.fusion.items()
        ),
        f"{figures.overlapped_seconds * 1e3:>8.1f}  ms per run of digits overlapped with the next, "
        f"{figures.alone_seconds * 1e3:.1f} alone",
    ]
