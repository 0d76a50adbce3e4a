"""What a buyer is told when it interrupts the process that follows its work."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from solders.pubkey import Pubkey

from keeper.cli.continuation import going_on
from keeper.cli.options import tell


@dataclass(frozen=True, slots=True)
class Reached:
    """Work of a kind ("job", "task") that a process has posted, and what its absence means."""

    word: str
    address: Pubkey | None
    consequences: Iterable[str]


@contextmanager
def told_on_interruption(reached: Callable[[], Reached]) -> Iterator[None]:
    """Tells what goes on without this process, and how to go on, when the block is interrupted."""
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        found = reached()
        for line in _lines(found):
            tell(line)
        if found.address is not None:
            # A command is told in one line, so that it can be copied.
            command = going_on(found.word, "follow", str(found.address))
            click.echo(f"go on with: {command}", err=True)
        raise


def _lines(reached: Reached) -> Iterator[str]:
    if reached.address is None:
        yield f"interrupted: no {reached.word} is known to be posted yet"
        yield "the same command goes on with what it has begun; nothing is paid twice"
        return
    yield f"interrupted: {reached.word} {reached.address} goes on without this process"
    yield from reached.consequences
