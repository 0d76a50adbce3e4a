"""The options of a provider: what it asks for."""

from collections.abc import Callable

import click

from keeper.cli.options.settings import declare
from keeper.cli.options.types import NlovAmount

ASK = declare(
    "--ask",
    type=NlovAmount(),
    default="10",
    show_default=True,
    help="Price in $NLOV per 2^30 multiply-adds.",
)
MAX_MACS = declare(
    "--max-macs",
    default=1 << 40,
    show_default=True,
    help="Multiply-adds of the largest job to accept.",
)
TASKS = declare("--tasks", "take_tasks", is_flag=True, help="Also run custom kernels.")
TASK_PRICE = declare(
    "--task-price",
    type=NlovAmount(),
    default="1",
    show_default=True,
    help="Least $NLOV to accept for a run of a custom kernel.",
)
TASK_SECONDS = declare(
    "--task-seconds",
    type=click.FloatRange(min=1.0),
    default=60.0,
    show_default=True,
    help="Seconds after which a custom kernel is killed and its task left to others.",
)
TASK_SHARE = declare(
    "--task-share",
    type=click.FloatRange(min=0.0, max=1.0, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help="Share of the adapter's time and memory that custom kernels get beside jobs.",
)


def offer_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds --ask and --max-macs, which a provider is registered with."""
    return ASK.option()(MAX_MACS.option()(command))
