"""Amounts of $NLOV and of SOL, as people read them."""

from typing import Final

NLOV: Final = 10**9
"""Base units per $NLOV."""
SOL: Final = 10**9
"""Lamports per SOL."""
LAMPORTS_PER_SIGNATURE: Final = 5_000
"""Solana's fee for a transaction with one signature and no priority fee."""


def nlov(amount: int) -> str:
    """Returns base units as $NLOV, without zeros at the end: 12.5 for 12,500,000,000."""
    return _decimal(amount, NLOV)


def sol(lamports: int) -> str:
    """Returns lamports as SOL, without zeros at the end: 0.0123 for 12,300,000."""
    return _decimal(lamports, SOL)


def _decimal(amount: int, unit: int) -> str:
    whole, part = divmod(abs(amount), unit)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole:,}.{part:09d}".rstrip("0").rstrip(".")
