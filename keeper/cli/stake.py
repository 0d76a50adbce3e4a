"""`neurolov stake`: open, add, unstake, withdraw, claim, seat, show."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from keeper.cli.connection import Connection, open_connection
from keeper.cli.options import (
    NlovAmount,
    answer,
    cluster_options,
    json_option,
    keypair_option,
    nlov,
    run_async,
)
from keeper.configuration import NodeSettings
from keeper.node.registration import NO_SEAT

Step = Callable[[Connection], Awaitable[dict[str, Any]]]


@click.group()
def stake() -> None:
    """Stake $NLOV, and take it back."""


def _after(settings: NodeSettings, keypair: Path, as_json: bool, step: Step) -> None:
    """Take a step, then show the position."""

    async def work() -> dict[str, Any]:
        async with open_connection(settings, keypair) as connection:
            done = await step(connection)
            return await _position(connection) | done

    document = run_async(work())
    lines = [f"{name.replace('_', ' ')}: {_spoken(value)}" for name, value in document.items()]
    answer(document, as_json, *lines)


def _spoken(value: object) -> str:
    return nlov(value) + " NLOV" if isinstance(value, int) and value > 1 << 20 else str(value)


async def _position(connection: Connection) -> dict[str, Any]:
    found = await connection.registrar.position()
    if found is None:
        return {"owner": str(connection.owner), "open": False}
    return {
        "owner": str(connection.owner),
        "open": True,
        "staked": found.amount,
        "exposed": found.exposed,
        "unbonding": found.unbonding,
        "rewards_owed": found.rewards_owed,
        "seat": None if found.seat == NO_SEAT else found.seat,
    }


async def _nothing(_: Connection) -> dict[str, Any]:
    return {}


@stake.command()
@json_option
@keypair_option
@cluster_options
def show(settings: NodeSettings, keypair: Path, as_json: bool) -> None:
    """Show the stake of a key."""
    _after(settings, keypair, as_json, _nothing)


@stake.command("open")
@json_option
@keypair_option
@cluster_options
def open_position(settings: NodeSettings, keypair: Path, as_json: bool) -> None:
    """Open a position without stake."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.open_position()
        return {}

    _after(settings, keypair, as_json, step)


@stake.command("add")
@click.argument("amount", type=NlovAmount())
@json_option
@keypair_option
@cluster_options
def add(settings: NodeSettings, keypair: Path, as_json: bool, amount: int) -> None:
    """Stake AMOUNT $NLOV; opens the position first."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.stake(amount)
        return {}

    _after(settings, keypair, as_json, step)


@stake.command()
@click.argument("amount", type=NlovAmount())
@json_option
@keypair_option
@cluster_options
def unstake(settings: NodeSettings, keypair: Path, as_json: bool, amount: int) -> None:
    """Ask for AMOUNT $NLOV back; prints the ticket to withdraw by once it matures."""

    async def step(connection: Connection) -> dict[str, Any]:
        return {"ticket": await connection.registrar.unstake(amount)}

    _after(settings, keypair, as_json, step)


@stake.command()
@click.argument("ticket", type=int)
@json_option
@keypair_option
@cluster_options
def withdraw(settings: NodeSettings, keypair: Path, as_json: bool, ticket: int) -> None:
    """Pay out a matured TICKET."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.withdraw(ticket)
        return {}

    _after(settings, keypair, as_json, step)


@stake.command()
@json_option
@keypair_option
@cluster_options
def claim(settings: NodeSettings, keypair: Path, as_json: bool) -> None:
    """Pay out the rewards earned so far."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.claim_rewards()
        return {}

    _after(settings, keypair, as_json, step)


@stake.command()
@json_option
@keypair_option
@cluster_options
def seat(settings: NodeSettings, keypair: Path, as_json: bool) -> None:
    """Take the lowest free verifier seat."""

    async def step(connection: Connection) -> dict[str, Any]:
        return {"seat": await connection.registrar.take_seat()}

    _after(settings, keypair, as_json, step)
