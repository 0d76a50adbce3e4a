"""The options that limit what a buyer spends."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from keeper.cli.options import SPENDING_PER_DAY, SPENDING_PER_JOB
from keeper.node.buying.spending import Limits

Result = TypeVar("Result")


def limit_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds the options of a buyer's limits, passed on as `limits`."""

    @SPENDING_PER_JOB.option()
    @SPENDING_PER_DAY.option()
    @wraps(command)
    def wrapped(*arguments: Any, per_job: int | None, per_day: int | None, **rest: Any) -> Result:
        return command(*arguments, limits=Limits(per_job, per_day), **rest)

    return wrapped
