"""`neurolov stake`: show and change a stake, claim rewards, take a seat."""

from collections.abc import Awaitable, Callable
from typing import Any

import click

from keeper.cli.options import KeyOptions, NlovAmount, answer, key_command, run_async
from keeper.node.connection import Connection, open_connection
from keeper.node.payment import nlov

Step = Callable[[Connection], Awaitable[dict[str, Any]]]


@click.group()
def stake() -> None:
    """Stake $NLOV, withdraw it and claim rewards."""


def _after(key: KeyOptions, step: Step) -> None:
    """Takes a step and prints the position after it."""

    async def work() -> dict[str, Any]:
        async with open_connection(key.settings, key.keypair) as connection:
            done = await step(connection)
            return await connection.registrar.summary() | done

    document = run_async(work())
    lines = [f"{name.replace('_', ' ')}: {_spoken(value)}" for name, value in document.items()]
    answer(document, key.as_json, *lines)


def _spoken(value: object) -> str:
    return nlov(value) + " NLOV" if isinstance(value, int) and value > 1 << 20 else str(value)


async def _nothing(_: Connection) -> dict[str, Any]:
    return {}


@stake.command()
@key_command
def show(key: KeyOptions) -> None:
    """Show the stake of a key."""
    _after(key, _nothing)


@stake.command("open")
@key_command
def open_position(key: KeyOptions) -> None:
    """Open a position without stake."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.open_position()
        return {}

    _after(key, step)


@stake.command("add")
@click.argument("amount", type=NlovAmount())
@key_command
def add(key: KeyOptions, amount: int) -> None:
    """Stake AMOUNT $NLOV, opening a position if there is none."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.stake(amount)
        return {}

    _after(key, step)


@stake.command()
@click.argument("amount", type=NlovAmount())
@key_command
def unstake(key: KeyOptions, amount: int) -> None:
    """Request AMOUNT $NLOV back and print the ticket to withdraw it with."""

    async def step(connection: Connection) -> dict[str, Any]:
        return {"ticket": await connection.registrar.unstake(amount)}

    _after(key, step)


@stake.command()
@click.argument("ticket", type=int)
@key_command
def withdraw(key: KeyOptions, ticket: int) -> None:
    """Withdraw the stake of TICKET once it has matured."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.withdraw(ticket)
        return {}

    _after(key, step)


@stake.command()
@key_command
def claim(key: KeyOptions) -> None:
    """Claim the rewards earned so far."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.claim_rewards()
        return {}

    _after(key, step)


@stake.command()
@key_command
def seat(key: KeyOptions) -> None:
    """Take the lowest free verifier seat."""

    async def step(connection: Connection) -> dict[str, Any]:
        return {"seat": await connection.seats.take()}

    _after(key, step)
