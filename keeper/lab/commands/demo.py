"""`neurolov demo`: one job from posting to payment, on its own cluster."""

import tempfile
from pathlib import Path

import click
from rich.console import Console

from keeper.cli.options import answer, json_option, run_async
from keeper.compute import select_executor
from keeper.configuration import Preference
from keeper.errors import BadInputError
from keeper.lab.commands.demonstration.report import print_report
from keeper.lab.commands.demonstration.story import Script, play
from keeper.lab.commands.demonstration.workload import DIGITS, WORKLOADS
from keeper.lab.localnet import PortInUseError
from keeper.lab.market.cheats import Cheat
from kernels.models.minilm.package import MissingModelError

FAILED = 1


@click.command()
@click.option(
    "--cheat",
    type=click.Choice([str(cheat) for cheat in Cheat]),
    help="Let the provider flip one value, reuse a stale output, or commit zeros.",
)
@click.option(
    "--model",
    type=click.Choice(sorted(WORKLOADS)),
    default=DIGITS,
    show_default=True,
    help="Model that the job runs.",
)
@click.option("--silent", is_flag=True, help="Let the first provider claim the job and go silent.")
@click.option(
    "--port",
    type=click.IntRange(0, 65534),
    default=0,
    show_default=True,
    help="Port of the cluster; 0 picks a free pair.",
)
@click.option(
    "--executor",
    type=click.Choice([str(choice) for choice in Preference]),
    default=str(Preference.AUTO),
    show_default=True,
    help="Device that runs the job.",
)
@click.option("--adapter", help="Name of the adapter, or part of it.")
@json_option
def demo(
    *,
    cheat: str | None,
    silent: bool,
    model: str,
    port: int,
    executor: str,
    adapter: str | None,
    as_json: bool,
) -> int:
    """Run a neural network as one paid job, from posting to payment.

    A provider, five verifiers, a crank and a buyer take part. Exits with 1 when an expectation
    fails.
    """
    if cheat is not None and silent:
        raise click.UsageError("--cheat and --silent exclude each other; choose one")
    console = Console(stderr=as_json)
    selected = select_executor(Preference(executor), adapter)
    if selected.notice is not None:
        Console(stderr=True).print(f"[bold yellow]{selected.notice}[/bold yellow]")

    def tell(slot: int, what: str) -> None:
        console.print(f"[dim]slot {slot:>4}[/dim]  {what}", highlight=False, soft_wrap=True)

    try:
        workload = WORKLOADS[model]()
    except MissingModelError as error:
        raise BadInputError(str(error)) from error
    script = Script(Cheat(cheat) if cheat is not None else None, silent, port, workload)
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        try:
            report = run_async(play(script, selected, Path(folder), tell))
        except PortInUseError as error:
            raise BadInputError(str(error)) from error
    if as_json:
        answer(report.as_json(), as_json)
    else:
        print_report(report, console)
    return FAILED if report.failures else 0
