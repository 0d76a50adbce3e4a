"""`neurolov job quote`: what a job would cost and how long it would take."""

from pathlib import Path

import click
from solders.pubkey import Pubkey

from keeper.cli.files import read_graph, read_inputs
from keeper.cli.job.offering import Offering, job_offer_options
from keeper.cli.job.quoted import Quoted, quoted
from keeper.cli.options import FILE, KeyOptions, answer, key_command, run_async
from keeper.configuration import load_keypair
from keeper.node.connection import open_observer
from kernels.graph import Graph


@click.command()
@click.option("--graph", "graph_path", type=FILE, required=True, help="Graph file to run.")
@click.option(
    "--input",
    "input_paths",
    type=FILE,
    multiple=True,
    help="One .npy file per input of the graph, in order, to be checked beside the quote.",
)
@job_offer_options
@key_command
def quote(
    *, key: KeyOptions, graph_path: Path, input_paths: tuple[Path, ...], offering: Offering
) -> None:
    """Show what a job would cost, who could take it, and when it would end.

    Needs no key. Where there is one, its balance is shown too.
    """
    graph = read_graph(graph_path)
    if input_paths:
        read_inputs(graph, input_paths, ())
    buyer = load_keypair(key.keypair).pubkey() if key.keypair.exists() else None
    found = _of_the_chain(key, graph, offering, buyer)
    verdict = () if found.verdict is None else (found.verdict,)
    answer(found.document, key.as_json, *verdict, *found.lines)


def _of_the_chain(
    key: KeyOptions, graph: Graph, offering: Offering, buyer: Pubkey | None
) -> Quoted:
    async def work() -> Quoted:
        async with open_observer(key.settings) as observer:
            return await quoted(observer.gateway, graph, offering, buyer)

    return run_async(work())
