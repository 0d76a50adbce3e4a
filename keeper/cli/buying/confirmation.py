"""Asking before money moves."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import click

from keeper.errors import BadInputError, KeeperError

Command = Callable[..., Any]
ACCEPTED = ("y", "yes")


class UnconfirmedError(BadInputError):
    """Nobody is there to confirm a payment."""


class DeclinedError(KeeperError):
    """The payment was not confirmed."""


def yes_option(command: Command) -> Command:
    """Adds --yes, which confirms a payment beforehand."""
    return click.option(
        "--yes", is_flag=True, help="Pay without asking, as scripts have to; limits still hold."
    )(command)


async def require_confirmation(question: str, *, yes: bool) -> None:
    """Ask on the terminal unless `yes`; being cancelled ends the asking.

    Raises UnconfirmedError without a terminal and DeclinedError where the answer is not yes.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UnconfirmedError("nobody can confirm the payment here; pass --yes to pay unasked")
    click.echo(f"{question} [y/N]: ", err=True, nl=False)
    if (await _line()).strip().lower() not in ACCEPTED:
        raise DeclinedError("not confirmed: nothing was posted and nothing was paid")


async def _line() -> str:
    """Returns the next line of standard input, which a blocked read would keep from Ctrl-C."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()
