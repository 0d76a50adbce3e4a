"""`neurolov stake seat`: a place in the draw of verifiers, and the collateral bound to it."""

from typing import Any

import click

from keeper.cli.options import KeyOptions, NlovAmount, collateral_option, key_command
from keeper.cli.stake.steps import after
from keeper.node.connection import Connection
from neurolov_client.bindings.job_registry import SEATS

INDEX = click.IntRange(0, SEATS - 1)


@click.group()
def seat() -> None:
    """Take, keep and give up a verifier's seat."""


@seat.command()
@collateral_option
@key_command
def take(key: KeyOptions, collateral: int | None) -> None:
    """Take the lowest free seat.

    Its collateral backs ballots alone. It is free again when the seat is closed, two epochs after
    it was vacated.
    """

    async def step(connection: Connection) -> dict[str, Any]:
        return {"seat": await connection.seats.take(collateral)}

    after(key, step, lambda done: f"seat {done['seat']} is taken")


@seat.command()
@click.argument("amount", type=NlovAmount(positive=True))
@key_command
def add(key: KeyOptions, amount: int) -> None:
    """Bind AMOUNT $NLOV more of the stake to the seat."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.seats.add(amount)
        return {}

    after(key, step)


@seat.command()
@key_command
def vacate(key: KeyOptions) -> None:
    """Give up the seat.

    Keep the verifier running: it still votes where it is drawn from an earlier snapshot.
    """

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.seats.vacate()
        return {}

    after(key, step, lambda _: "the seat is vacated; it can be closed two epochs later")


@seat.command()
@click.argument("index", type=INDEX, metavar="SEAT")
@collateral_option
@key_command
def displace(key: KeyOptions, index: int, collateral: int | None) -> None:
    """Bid for SEAT, which another owner holds, while no seat is free.

    The weight must exceed that of the holder, or of the latest bid, by a quarter. The seat is
    handed over when it is closed.
    """

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.seats.displace(index, collateral)
        return {}

    after(key, step)


@seat.command()
@click.argument("index", type=INDEX, metavar="SEAT")
@key_command
def evict(key: KeyOptions, index: int) -> None:
    """Vacate SEAT of any owner whose collateral has fallen below half of the minimum."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.seats.evict(index)
        return {"evicted": index}

    after(key, step, lambda _: f"seat {index} is vacated")


@seat.command()
@click.argument("index", type=INDEX, metavar="SEAT")
@key_command
def close(key: KeyOptions, index: int) -> None:
    """Close SEAT of any owner two epochs after it was vacated, which frees its collateral.

    A crank does that too.
    """

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.seats.close(index)
        return {"closed": index}

    after(key, step, lambda _: f"seat {index} is closed")
