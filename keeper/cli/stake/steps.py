"""Taking a step of an owner, and printing what it has afterwards."""

from collections.abc import Awaitable, Callable
from typing import Any

from keeper.cli.options import KeyOptions, answer, run_async
from keeper.node.connection import Connection, open_connection
from keeper.node.payment import nlov

Step = Callable[[Connection], Awaitable[dict[str, Any]]]
AMOUNTS = frozenset(
    {"staked", "exposed", "unbonding", "rewards_owed", "collateral", "balloted"}
    | {"budget", "left", "can_lose"}
)
"""The entries of documents that are base units."""


def after(key: KeyOptions, step: Step) -> None:
    """Takes a step and prints the position after it, with what the step returns."""

    async def work() -> dict[str, Any]:
        async with open_connection(key.settings, key.keypair) as connection:
            done = await step(connection)
            return await connection.registrar.summary() | done

    tell_document(key, run_async(work()))


def tell_document(key: KeyOptions, document: dict[str, Any]) -> None:
    """Prints a document, its amounts in $NLOV unless as JSON."""
    told = ((name.replace("_", " "), _spoken(name, value)) for name, value in document.items())
    answer(document, key.as_json, *(f"{name}: {value}" for name, value in told))


def _spoken(name: str, value: object) -> str:
    if name in AMOUNTS and isinstance(value, int):
        return f"{nlov(value)} NLOV"
    return "none" if value is None else str(value)
