"""Taking a step of an owner, and printing what it has afterwards."""

from collections.abc import Awaitable, Callable
from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.cli.buying.continuation import going_on
from keeper.cli.options import KeyOptions, answer, run_async, tell
from keeper.cli.stake.holding import holding_document, holding_lines
from keeper.node.connection import Connection, open_connection
from keeper.node.holding import Holding
from keeper.node.timeline import Timeline

Step = Callable[[Connection], Awaitable[dict[str, Any]]]
Told = tuple[Holding, Timeline]


def after(key: KeyOptions, step: Step, said: Callable[[dict[str, Any]], str] | None = None) -> None:
    """Takes a step and prints the stake after it, with what the step returns.

    `said` returns the line that tells what was done.
    """

    async def work() -> tuple[Told, dict[str, Any]]:
        async with open_connection(key.settings, key.keypair) as connection:
            done = await step(connection)
            return await read_holding(connection.gateway, connection.owner), done

    try:
        told, done = run_async(work())
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted: what was sent may still land, so look before you repeat the command")
        tell(f"look with: {going_on('stake', 'show')}")
        raise
    tell_holding(told, done, *([] if said is None else [said(done)]), as_json=key.as_json)


async def read_holding(gateway: Gateway, owner: Pubkey) -> Told:
    """Returns an owner's stake and the time; raises RoleError and ChainError."""
    return await Holding.of(gateway, owner), await Timeline.of(gateway)


def tell_holding(told: Told, done: dict[str, Any], *lines: str, as_json: bool) -> None:
    """Prints a stake, after the lines that tell what was done."""
    holding, timeline = told
    document = holding_document(holding, timeline) | done
    answer(document, as_json, *lines, *holding_lines(holding, timeline))
