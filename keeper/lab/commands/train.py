"""`neurolov train`: train a network on several providers through paid, verified jobs."""

import tempfile
from pathlib import Path

import click
from rich.console import Console

from keeper.cli.options import answer, json_option, run_async
from keeper.compute import select_executor
from keeper.configuration import Preference
from keeper.errors import BadInputError
from keeper.lab.commands.training.report import print_report
from keeper.lab.commands.training.story import LONGER, Examination, Lesson
from keeper.lab.commands.training.story import train as train_course
from kernels.models.digits import images as digits_images
from kernels.training import Course, Network, shards
from kernels.training.aggregation import MAX_SHARDS, MIN_SHARDS

FAILED = 1


@click.group()
def train() -> None:
    """Train a network on several providers."""


@train.command()
@click.option(
    "--providers",
    type=click.IntRange(MIN_SHARDS, MAX_SHARDS),
    default=3,
    show_default=True,
    help="Number of providers.",
)
@click.option(
    "--steps",
    type=click.IntRange(2, LONGER),
    default=12,
    show_default=True,
    help="Number of steps; the first half calibrates the performance model.",
)
@click.option(
    "--batch", type=click.IntRange(1), help="Examples per provider and step; all by default."
)
@click.option("--rate", type=float, default=0.35, show_default=True, help="Learning rate.")
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 31) - 1),
    default=7,
    show_default=True,
    help="Seed of the initial weights and batches.",
)
@click.option(
    "--verifiers",
    type=click.Choice(["1", "3", "5"]),
    default="1",
    show_default=True,
    help="Verifiers drawn per job.",
)
@click.option(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    default=str(Preference.AUTO),
    show_default=True,
    help="Device that runs the jobs.",
)
@click.option("--adapter", help="Name of the adapter, or part of it.")
@json_option
def digits(
    *,
    providers: int,
    steps: int,
    batch: int | None,
    rate: float,
    seed: int,
    verifiers: str,
    executor: str,
    adapter: str | None,
    as_json: bool,
) -> int:
    """Train on handwritten digits with integer data-parallel SGD, on a local cluster.

    Exits with 1 when accuracy does not rise, or when the weights differ from those computed here.
    """
    network = Network()
    parts = shards(*digits_images.training(), providers, network.classes)
    try:
        course = Course(network, tuple(parts), batch or len(parts[0].images), rate, seed)
    except ValueError as error:
        raise BadInputError(str(error)) from error
    console = Console(stderr=as_json)
    selected = select_executor(Preference(executor), adapter)
    if selected.notice is not None:
        Console(stderr=True).print(f"[bold yellow]{selected.notice}[/bold yellow]")

    def tell(slot: int, what: str) -> None:
        console.print(f"[dim]slot {slot:>4}[/dim]  {what}", highlight=False, soft_wrap=True)

    examination = Examination(*digits_images.held_out())
    lesson = Lesson(course, steps, examination, int(verifiers))
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        report = run_async(train_course(lesson, selected, Path(folder), tell))
    if as_json:
        answer(report.as_json(), as_json)
    else:
        print_report(report, console)
    return FAILED if report.failures else 0
