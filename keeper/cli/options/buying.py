"""The options of a buyer: what it offers for a job or a task."""

from collections.abc import Callable

import click

from keeper.cli.options.settings import Command, declare
from keeper.cli.options.types import NlovAmount

FEE = declare(
    "--fee",
    type=NlovAmount(),
    default="0.2",
    show_default=True,
    help="$NLOV paid for each verifier's ballot.",
)
TIP = declare(
    "--tip",
    type=NlovAmount(),
    default="0.01",
    show_default=True,
    help="$NLOV paid for each crank step.",
)
VERIFIERS = declare(
    "--verifiers",
    type=click.Choice(["1", "3", "5"]),
    default="3",
    show_default=True,
    help="Number of verifiers to draw.",
)
SPENDING_PER_JOB = declare(
    "--spending-per-job",
    "per_job",
    type=NlovAmount(),
    help="Most $NLOV that one job or task may take from the account.",
)
SPENDING_PER_DAY = declare(
    "--spending-per-day",
    "per_day",
    type=NlovAmount(),
    help="Most $NLOV that jobs and tasks may take from the account in 24 hours.",
)


def price_option(use: str) -> Callable[[Command], Command]:
    """Returns a decorator that adds the required option --price."""
    return click.option("--price", type=NlovAmount(), required=True, help=use)


def tip_option(command: Command) -> Command:
    """Adds --tip, the pay for each crank step."""
    return TIP.option()(command)
