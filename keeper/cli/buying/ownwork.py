"""Rows of a buyer's own work, open and past, that fit a terminal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keeper.amounts import nlov
from keeper.node.timeline import Timeline

WIDTHS = (11, 9, 14, 7)


@dataclass(frozen=True, slots=True)
class Row:
    """One job or task; `paid` is base units, None where that is not known."""

    address: str
    state: str
    posted_slot: int | None
    paid: int | None
    open: bool
    kept: bool


def table(word: str, rows: Iterable[Row], timeline: Timeline) -> Iterator[str]:
    """Yields a head and one line for each piece of work, called `word`."""
    yield _line("POSTED UTC", "STATE", "PAID NLOV", "RESULT", word.upper())
    for row in rows:
        slot = row.posted_slot
        yield _line(
            "-" if slot is None else f"{timeline.time(slot):%m-%d %H:%M}",
            row.state,
            "-" if row.paid is None else nlov(row.paid),
            "kept" if row.kept else "awaited" if row.open else "none",
            row.address,
        )


def _line(posted: str, state: str, paid: str, result: str, address: str) -> str:
    first, second, third, fourth = WIDTHS
    return f"{posted:<{first}}  {state:<{second}}  {paid:>{third}}  {result:<{fourth}}  {address}"
