"""The types of options and arguments that several commands share."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.amounts import NLOV

U64_MAX = (1 << 64) - 1
FILE = click.Path(path_type=Path, dir_okay=False)
"""The path of a file, which need not exist."""


class NlovAmount(click.ParamType[int]):
    """An amount of $NLOV with up to nine decimals, as base units; above 0 where `positive`."""

    name = "nlov"

    def __init__(self, *, positive: bool = False) -> None:
        self._positive = positive

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> int:
        """Returns base units."""
        if isinstance(value, int):
            return value
        try:
            units = Decimal(value) * NLOV
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount such as 12.5", param, context)
        if not units.is_finite() or units != units.to_integral_value() or not 0 <= units <= U64_MAX:
            self.fail(f"{value!r} is not an amount with at most nine decimals", param, context)
        if self._positive and not units:
            self.fail("give an amount above 0", param, context)
        return int(units)


class Address(click.ParamType[Pubkey]):
    """A base58 address."""

    name = "address"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> Pubkey:
        """Returns the key."""
        try:
            return value if isinstance(value, Pubkey) else Pubkey.from_string(value)
        except ValueError:
            self.fail(f"{value!r} is not an address", param, context)
