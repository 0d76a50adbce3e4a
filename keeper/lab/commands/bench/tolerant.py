"""`neurolov bench tolerant`: float networks on an adapter, beside onnxruntime."""

import click
from rich.console import Console

from keeper.cli.options import answer, json_option
from keeper.lab.bench.float_networks import MOST, NetworkFigures, measure_networks
from keeper.lab.bench.models.reference import THREADS
from kernels.runtime import AdapterUnavailable

FAILED = 1


@click.command()
@json_option
@click.option("--adapter", help="Name of the adapter, or part of it.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    help="Runs of each, in turns; the median counts.",
)
def tolerant(as_json: bool, adapter: str | None, rounds: int) -> int:
    """Compare generated float networks with onnxruntime on the same machine.

    Exits with 1 when one takes more than 25 times as long as onnxruntime on two threads.
    """
    console = Console(stderr=True)
    try:
        with console.status("measuring") as status:
            found = measure_networks(adapter, rounds, status.update)
    except AdapterUnavailable as error:
        raise click.ClickException(str(error)) from error
    document = {
        "networks": {name: each.as_json() for name, each in found.items()},
        "threads": THREADS,
    }
    answer(document, as_json, *(_line(name, each) for name, each in found.items()))
    return FAILED if any(each.vs_ort > MOST for each in found.values()) else 0


def _line(name: str, figures: NetworkFigures) -> str:
    return (
        f"{name:<10} {1e3 * figures.seconds:>7.1f} ms in {figures.dispatches} dispatches, "
        f"unfused {1e3 * figures.unfused_seconds:.1f} ms in {figures.unfused_dispatches}; "
        f"onnxruntime {1e3 * figures.onnxruntime_seconds:.1f} ms: {figures.vs_ort:.1f} times; "
        f"first run {figures.first_seconds:.1f} s; error {figures.error:.1e}"
    )
