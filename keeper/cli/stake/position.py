"""`neurolov stake add`, `unstake` and the like: what an owner does with its stake."""

from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.cli.options import KeyOptions, NlovAmount, key_command, owner_option, run_async
from keeper.cli.stake.steps import after, tell_document
from keeper.node.connection import Connection, open_reader
from keeper.node.registration import stake_summary


@click.command()
@owner_option
@key_command
def show(key: KeyOptions, owner: Pubkey | None) -> None:
    """Show the stake of a key, or of another owner."""

    async def work() -> dict[str, Any]:
        async with open_reader(key.settings, key.keypair, owner) as reader:
            return await stake_summary(reader.gateway, reader.owner)

    tell_document(key, run_async(work()))


@click.command("open")
@key_command
def open_position(key: KeyOptions) -> None:
    """Open a position without stake."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.open_position()
        return {}

    after(key, step)


@click.command("add")
@click.argument("amount", type=NlovAmount())
@key_command
def add(key: KeyOptions, amount: int) -> None:
    """Stake AMOUNT $NLOV, opening a position if there is none."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.stake(amount)
        return {}

    after(key, step)


@click.command()
@click.argument("amount", type=NlovAmount())
@key_command
def unstake(key: KeyOptions, amount: int) -> None:
    """Request AMOUNT $NLOV back and print the ticket to withdraw it with."""

    async def step(connection: Connection) -> dict[str, Any]:
        return {"ticket": await connection.registrar.unstake(amount)}

    after(key, step)


@click.command()
@click.argument("ticket", type=int)
@key_command
def withdraw(key: KeyOptions, ticket: int) -> None:
    """Withdraw the stake of TICKET once it has matured."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.withdraw(ticket)
        return {}

    after(key, step)


@click.command()
@key_command
def claim(key: KeyOptions) -> None:
    """Claim the rewards earned so far."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.claim_rewards()
        return {}

    after(key, step)
