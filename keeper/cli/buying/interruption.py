"""What a buyer is told when it interrupts the process that follows its work."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from solders.pubkey import Pubkey

from keeper.cli.buying.continuation import going_on
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
        _tell_of(reached())
        raise


def _tell_of(reached: Reached) -> None:
    if reached.address is None:
        tell(f"interrupted: no {reached.word} is known to be posted yet")
        tell("the same command goes on with what it has begun; nothing is paid twice")
        return
    # The address and the command stay whole, so that they can be copied.
    named = f"{reached.word} {reached.address}"
    click.echo(f"interrupted: {named} goes on without this process", err=True)
    for line in reached.consequences:
        tell(line)
    command = going_on(reached.word, "follow", str(reached.address))
    click.echo(f"go on with: {command}", err=True)
