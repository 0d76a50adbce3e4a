"""`neurolov stake operator`: the hot key that works for an owner whose own key stays offline."""

from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.amounts import nlov
from keeper.cli.options import (
    Address,
    KeyOptions,
    NlovAmount,
    answer,
    key_command,
    owner_option,
    run_async,
)
from keeper.configuration import load_keypair
from keeper.node.accounts import NOBODY
from keeper.node.connection import open_connection, open_observer
from keeper.node.operators import operator_document
from keeper.node.registration import required_position


@click.group()
def operator() -> None:
    """Name the key that works for an owner, and see what it can lose."""


@operator.command("set")
@click.argument("operator_key", type=Address(), metavar="OPERATOR")
@click.option(
    "--budget",
    type=NlovAmount(),
    required=True,
    help="Most $NLOV of stake that the operator may have at risk at once. Losses lower it.",
)
@key_command
def set_operator(key: KeyOptions, operator_key: Pubkey, budget: int) -> None:
    """Let OPERATOR claim, commit and vote for the owner, whose key signs this.

    It replaces an earlier operator at once. Start the node with the new key and the same --folder:
    it finishes the work in flight.
    """
    _name(key, operator_key, budget)


@operator.command()
@key_command
def clear(key: KeyOptions) -> None:
    """Take the operator's rights away, for instance because its key was stolen."""
    _name(key, NOBODY, 0)


@operator.command()
@owner_option
@key_command
def show(key: KeyOptions, owner: Pubkey | None) -> None:
    """Show the operator of an owner, and what it can lose."""
    shown = owner or load_keypair(key.keypair).pubkey()

    async def work() -> dict[str, Any]:
        async with open_observer(key.settings) as observer:
            return operator_document(await required_position(observer.gateway, shown))

    _tell(key, run_async(work()))


def _name(key: KeyOptions, named: Pubkey, budget: int) -> None:
    async def work() -> dict[str, Any]:
        async with open_connection(key.settings, key.keypair) as connection:
            await connection.registrar.set_operator(named, budget)
            return operator_document(await connection.registrar.required_position())

    _tell(key, run_async(work()))


def _tell(key: KeyOptions, document: dict[str, Any]) -> None:
    if document["operator"] is None:
        named = f"{document['owner']} has no operator"
    else:
        named = f"the operator of {document['owner']} is {document['operator']}"
    answer(
        document,
        key.as_json,
        named,
        f"  budget    {nlov(document['budget'])} NLOV, {nlov(document['left'])} of it left",
        f"  at risk   {nlov(document['exposed'])} NLOV",
        f"  can lose  {nlov(document['can_lose'])} NLOV",
    )
