"""`neurolov bench cli`: how long the commands take to start."""

from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress

from keeper.cli.options import answer, json_option
from keeper.lab.bench.start import COMMAND_LIMIT, LIGHT_LIMIT, commands, measure_start

FAILED = 1


@click.command()
@json_option
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Runs of each command, of which the shortest counts.",
)
@click.option(
    "--only", default="*", show_default=True, help="Measure only commands that match this pattern."
)
def cli(as_json: bool, runs: int, only: str) -> int:
    """Measure how long commands take before their own work, beside Python alone.

    A command's module imports at its top what its work needs, and `COMMAND --help` imports just
    that, so each command is measured by a process that prints its help. What a library loads when
    it is used belongs to the work: a graphics driver, the drawing of a picture. `key show` is
    measured as a whole. Exits with 1 when one takes longer than its limit.
    """
    found = commands(only)
    if not found:
        raise click.BadParameter(f"no command matches {only!r}", param_hint="--only")
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=runs)
        figures = measure_start(found, runs, lambda: progress.advance(task))
    lines = [
        f"{figures.python_seconds:>7.3f} s  python -c pass",
        f"{figures.help_seconds:>7.3f} s  --help, at most {LIGHT_LIMIT}",
        f"{figures.light_seconds:>7.3f} s  key show, at most {LIGHT_LIMIT}",
        *(
            f"{seconds:>7.3f} s  {name}, at most {COMMAND_LIMIT}"
            for name, seconds in sorted(figures.commands.items(), key=lambda each: -each[1])
        ),
    ]
    answer(asdict(figures), as_json, *lines)
    return 0 if figures.within else FAILED
