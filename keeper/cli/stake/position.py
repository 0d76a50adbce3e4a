"""`neurolov stake add`, `unstake` and the like: what an owner does with its stake."""

from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.cli.options import (
    Address,
    KeyOptions,
    NlovAmount,
    key_command,
    owner_option,
    run_async,
)
from keeper.cli.stake.steps import Told, after, read_holding, tell_holding
from keeper.configuration import load_keypair
from keeper.node.connection import Connection, open_observer


@click.command()
@click.argument("address", type=Address(), required=False)
@owner_option
@key_command
def show(key: KeyOptions, address: Pubkey | None, owner: Pubkey | None) -> None:
    """Show the stake of ADDRESS, by default of the key: its parts, its tickets and its seat.

    Only reads, so a running role does not stand in the way, and an address needs no key.
    """
    shown = address or owner or load_keypair(key.keypair).pubkey()

    async def work() -> Told:
        async with open_observer(key.settings) as observer:
            return await read_holding(observer.gateway, shown)

    tell_holding(run_async(work()), {}, as_json=key.as_json)


@click.command("open")
@key_command
def open_position(key: KeyOptions) -> None:
    """Open a position without stake."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.open_position()
        return {}

    after(key, step)


@click.command("add")
@click.argument("amount", type=NlovAmount(positive=True))
@key_command
def add(key: KeyOptions, amount: int) -> None:
    """Stake AMOUNT $NLOV, opening a position if there is none."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.stake(amount)
        return {}

    after(key, step, lambda _: f"staked {nlov(amount)} NLOV")


@click.command()
@click.argument("amount", type=NlovAmount(positive=True))
@key_command
def unstake(key: KeyOptions, amount: int) -> None:
    """Request AMOUNT $NLOV back and print the ticket to withdraw it with."""

    async def step(connection: Connection) -> dict[str, Any]:
        return {"ticket": await connection.registrar.unstake(amount)}

    after(key, step, lambda done: f"asked {nlov(amount)} NLOV back with ticket {done['ticket']}")


@click.command()
@click.argument("ticket", type=int)
@key_command
def withdraw(key: KeyOptions, ticket: int) -> None:
    """Withdraw the stake of TICKET once it has matured."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.withdraw(ticket)
        return {}

    after(key, step, lambda _: f"withdrew ticket {ticket}")


@click.command()
@key_command
def claim(key: KeyOptions) -> None:
    """Claim the rewards earned so far."""

    async def step(connection: Connection) -> dict[str, Any]:
        await connection.registrar.claim_rewards()
        return {}

    after(key, step, lambda _: "claimed the rewards")
