"""Amounts of $NLOV."""

from typing import Final

NLOV: Final = 10**9
"""Base units per $NLOV."""


def nlov(amount: int) -> str:
    """Returns base units as $NLOV, without zeros at the end: 12.5 for 12,500,000,000."""
    whole, part = divmod(abs(amount), NLOV)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}.{part:09d}".rstrip("0").rstrip(".")
