"""The options that limit what a buyer spends."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from keeper.cli.options import NlovAmount
from keeper.node.spending import PER_DAY_KEY, PER_JOB_KEY, Limits

Result = TypeVar("Result")


def limit_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds the options of a buyer's limits, passed on as `limits`."""

    @click.option(
        f"--{PER_JOB_KEY}",
        "per_job",
        type=NlovAmount(),
        help="Most $NLOV that one job or task may take from the account.",
    )
    @click.option(
        f"--{PER_DAY_KEY}",
        "per_day",
        type=NlovAmount(),
        help="Most $NLOV that jobs and tasks may take from the account in 24 hours.",
    )
    @wraps(command)
    def wrapped(*arguments: Any, per_job: int | None, per_day: int | None, **rest: Any) -> Result:
        return command(*arguments, limits=Limits(per_job, per_day), **rest)

    return wrapped
