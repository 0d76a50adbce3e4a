"""The options that limit what a buyer spends."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from keeper.cli.options.settings import SETTINGS
from keeper.node.spending import PER_DAY_KEY, PER_JOB_KEY, Limits

Result = TypeVar("Result")


def limit_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds the options of a buyer's limits, passed on as `limits`."""

    @SETTINGS[PER_JOB_KEY].option()
    @SETTINGS[PER_DAY_KEY].option()
    @wraps(command)
    def wrapped(*arguments: Any, per_job: int | None, per_day: int | None, **rest: Any) -> Result:
        return command(*arguments, limits=Limits(per_job, per_day), **rest)

    return wrapped
