"""`neurolov challenge`: find what is wrong in a job, prove it, have its provider slashed."""

from typing import Any

import click
from solders.pubkey import Pubkey

from idl.client import verdict
from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.exact.roles.conviction import Conviction, convict
from keeper.node.connection import open_connection
from keeper.node.payment import nlov

U32 = click.IntRange(0, 0xFFFFFFFF)


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@click.option("--operator", type=U32, help="Judge this operator's --element, and nothing else.")
@click.option("--element", type=U32, help="Index over the output's leaf space.")
@key_command
def challenge(key: KeyOptions, address: Pubkey, operator: int | None, element: int | None) -> None:
    """Fetch what was committed for a job, check all of it, and prove the first wrong element.

    Sends nothing, and says so, when nothing is wrong. What was fetched stays in --folder, where
    replay judges it again.
    """
    if (operator is None) != (element is None):
        raise click.UsageError("--operator and --element belong together")
    position = (operator, element) if operator is not None and element is not None else None

    async def work() -> Conviction:
        async with open_connection(key.settings, key.keypair) as connection:
            return await convict(connection, address, position)

    document = _document(address, run_async(work()))
    answer(document, key.as_json, *(f"{name}: {value}" for name, value in document.items()))


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
        "slashed": nlov(receipt.slashed),
        "burned": nlov(receipt.burned),
        "bounty": nlov(receipt.bounty),
    }
