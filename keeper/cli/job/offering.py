"""The options of a buyer's offer, which posting and quoting share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from keeper.cli.options import FEE, VERIFIERS, NlovAmount, tip_option
from keeper.exact.decisions.offer import JobOffer

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Offering:
    """What a buyer offers; without a price, the one that a quote recommends."""

    price: int | None
    verification_fee: int
    tip: int
    urgency: int
    verifiers: int

    @property
    def offer(self) -> JobOffer:
        """The offer, with a price of 0 where none is given."""
        return JobOffer(
            self.price or 0, self.verification_fee, self.tip, self.urgency, self.verifiers
        )


def job_offer_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Adds --price, --fee, --tip, --urgency and --verifiers, passed on as `offering`."""

    @click.option(
        "--price",
        type=NlovAmount(),
        help="Most $NLOV to pay for the work; by default what the quote recommends.",
    )
    @FEE.option()
    @tip_option
    @click.option(
        "--urgency",
        type=NlovAmount(),
        default="0",
        show_default=True,
        help="Extra $NLOV for the provider, part of which is burned.",
    )
    @VERIFIERS.option()
    @wraps(command)
    def wrapped(
        *arguments: Any,
        price: int | None,
        fee: int,
        tip: int,
        urgency: int,
        verifiers: str,
        **rest: Any,
    ) -> Result:
        offering = Offering(price, fee, tip, urgency, int(verifiers))
        return command(*arguments, offering=offering, **rest)

    return wrapped
