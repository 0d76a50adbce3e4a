"""`neurolov challenge`: prove a wrong element of a job, so that its provider is slashed."""

from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.cli.options import (
    Address,
    KeyOptions,
    answer,
    key_command,
    owner_option,
    run_async,
)
from keeper.exact.roles.conviction import Conviction, convict
from keeper.node.connection import open_connection
from neurolov_client import verdict

U32 = click.IntRange(0, 0xFFFFFFFF)


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@click.option("--operator", type=U32, help="Check only the --element of this operator.")
@click.option("--element", type=U32, help="Index of the element in the output's leaf space.")
@owner_option
@key_command
def challenge(
    key: KeyOptions,
    owner: Pubkey | None,
    address: Pubkey,
    operator: int | None,
    element: int | None,
) -> None:
    """Check everything that was committed for a job and prove the first wrong element.

    The bounty goes to the key's owner.

    When nothing is wrong, the command says so and sends nothing. The fetched data stay in --folder,
    from which `neurolov replay` judges them again.
    """
    if (operator is None) != (element is None):
        raise click.UsageError("--operator and --element belong together")
    position = (operator, element) if operator is not None and element is not None else None

    async def work() -> Conviction:
        async with open_connection(key.settings, key.keypair, owner) as connection:
            return await convict(connection, address, position)

    document = _document(address, run_async(work()))
    answer(document, key.as_json, amounts=("slashed", "burned", "bounty"))


def _document(job: Pubkey, found: Conviction) -> dict[str, Any]:
    receipt = found.receipt
    return {
        "job": str(job),
        "receipt": str(verdict.receipt_address(job)),
        "operator": found.wrong.operator,
        "element": found.wrong.element,
        "expected": receipt.expected,
        "committed": receipt.committed,
        "provider": str(receipt.provider),
        "trap": bool(receipt.trap),
        "slashed": receipt.slashed,
        "burned": receipt.burned,
        "bounty": receipt.bounty,
    }
