"""The options of a buyer's offer for a task, which posting and quoting share."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from keeper.cli.options import price_option, tip_option
from keeper.tolerant.decisions.offer import TaskOffer

Result = TypeVar("Result")


def task_offer_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds --price, --tip, --n and --max-runs, passed on as `offer`."""

    @price_option("$NLOV paid for each run that agrees.")
    @tip_option
    @click.option(
        "--n",
        default=3,
        show_default=True,
        help="Number of runs at first: 3, 5 or 7. The majority must agree.",
    )
    @click.option(
        "--max-runs",
        default=5,
        show_default=True,
        help="Most runs if the first ones disagree: 3, 5 or 7.",
    )
    @wraps(command)
    def wrapped(
        *arguments: Any, price: int, tip: int, n: int, max_runs: int, **rest: Any
    ) -> Result:
        return command(*arguments, offer=TaskOffer(price, tip, n, max_runs), **rest)

    return wrapped
