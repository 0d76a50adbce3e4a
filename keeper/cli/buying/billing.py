"""The bill of work that has ended, as far as the chain's history can be read."""

from collections.abc import Awaitable, Iterable
from typing import Any

from keeper.chain.errors import ChainError
from keeper.cli.output import tell
from keeper.node.buying.bill import Bill


async def billed(asked: Awaitable[Bill]) -> Bill | None:
    """Returns a bill, None where the history cannot be read now: no result may be lost by that."""
    try:
        return await asked
    except ChainError as error:
        tell(f"who was paid cannot be read now: {error}")
        return None


def bill_document(bill: Bill | None) -> dict[str, Any] | None:
    """Returns a bill as JSON values."""
    return None if bill is None else bill.document


def bill_lines(bill: Bill | None) -> Iterable[str]:
    """Returns a bill as text."""
    return () if bill is None else bill.lines
