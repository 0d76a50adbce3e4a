"""Asking before money moves."""

import sys
from collections.abc import Callable
from typing import Any

import click

from keeper.errors import BadInputError, KeeperError

Command = Callable[..., Any]


class UnconfirmedError(BadInputError):
    """Nobody is there to confirm a payment."""


class DeclinedError(KeeperError):
    """The payment was not confirmed."""


def yes_option(command: Command) -> Command:
    """Adds --yes, which confirms a payment beforehand."""
    return click.option(
        "--yes", is_flag=True, help="Pay without asking, as scripts have to; limits still hold."
    )(command)


def require_confirmation(question: str, *, yes: bool) -> None:
    """Ask on the terminal unless `yes`.

    Raises UnconfirmedError without a terminal and DeclinedError where the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise UnconfirmedError("nobody can confirm the payment here; pass --yes to pay unasked")
    if not click.confirm(question, err=True):
        raise DeclinedError("not confirmed: nothing was posted and nothing was paid")
