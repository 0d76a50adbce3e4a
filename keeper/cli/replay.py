"""`neurolov replay`: judge a receipt again, from the chain and the job's data."""

from pathlib import Path
from typing import Any

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, answer, cluster_options, json_option, run_async
from keeper.cli.output import told
from keeper.configuration import NodeSettings
from keeper.exact.disputes.receipt import Replay
from keeper.exact.roles.replay import replay_receipt
from keeper.node.connection import open_observer
from neurolov_client import verdict

FAILED = 1


@click.command()
@click.argument("address", type=Address(), metavar="RECEIPT")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of a node that challenged or ran the job. Without it, the buyer and the provider "
    "are asked for the data.",
)
@json_option
@cluster_options
def replay(settings: NodeSettings, as_json: bool, address: Pubkey, data: Path | None) -> int:
    """Rebuild a receipt's evidence from the job's data and judge it off chain.

    Exits with 1 when the evidence or the verdict differs from the receipt's.
    """

    async def work() -> tuple[verdict.Receipt, Replay]:
        async with open_observer(settings) as observer:
            folder = data or observer.folder()
            return await replay_receipt(observer, address, folder, ask_parties=data is None)

    receipt, found = run_async(work())
    document = _document(address, receipt, found)
    agreed = {name: value for name, value in document.items() if name != "differences"}
    answer(document, as_json, *told(agreed), *(f"differs: {each}" for each in found.differences))
    return 0 if found.agrees else FAILED


def _document(address: Pubkey, receipt: verdict.Receipt, found: Replay) -> dict[str, Any]:
    return {
        "receipt": str(address),
        "job": str(receipt.job),
        "provider": str(receipt.provider),
        "challenger": str(receipt.challenger),
        "operator": receipt.operator,
        "element": receipt.element,
        "evidence": None if found.evidence is None else found.evidence.hex(),
        "expected": found.expected,
        "committed": found.committed,
        "verdict": _verdict(found),
        "agrees": found.agrees,
        "differences": list(found.differences),
    }


def _verdict(found: Replay) -> str:
    if found.expected is None:
        return "cannot be judged"
    return "fraud" if found.expected != found.committed else "right"
