"""`neurolov job quote`: what a job would cost and how long it would take."""

from pathlib import Path

import click
from solders.pubkey import Pubkey

from keeper.chain.gateway import Gateway
from keeper.cli.files import read_graph, read_inputs
from keeper.cli.job.offering import Offering, offer_options
from keeper.cli.job.quoted import Balance, Quoted
from keeper.cli.options import FILE, KeyOptions, answer, key_command, run_async
from keeper.configuration import load_keypair
from keeper.exact.roles.quoting import job_network_costs, quote_job
from keeper.node.connection import open_observer
from keeper.node.posting import current_terms
from keeper.node.timeline import Timeline
from kernels.graph import Graph
from neurolov_client import associated_token_address


@click.command()
@click.option("--graph", "graph_path", type=FILE, required=True, help="Graph file to run.")
@click.option(
    "--input",
    "input_paths",
    type=FILE,
    multiple=True,
    help="One .npy file per input of the graph, in order, to be checked beside the quote.",
)
@offer_options
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
    found = quoted(key, graph, offering, buyer)
    verdict = () if found.verdict is None else (found.verdict,)
    answer(found.document, key.as_json, *verdict, *found.lines)


def quoted(key: KeyOptions, graph: Graph, offering: Offering, buyer: Pubkey | None) -> Quoted:
    """Returns the quote of a job for a buyer, by the chain as it is now."""

    async def work() -> Quoted:
        async with open_observer(key.settings) as observer:
            gateway = observer.gateway
            return Quoted(
                quote=await quote_job(
                    gateway, graph, offering.offer, buyer, priced=offering.price is not None
                ),
                network=await job_network_costs(gateway, graph, buyer),
                timeline=await Timeline.of(gateway),
                balance=None if buyer is None else await _balance(gateway, buyer),
            )

    return run_async(work())


async def _balance(gateway: Gateway, owner: Pubkey) -> Balance:
    mint, _ = await current_terms(gateway)
    tokens = await gateway.token_balance(associated_token_address(owner, mint))
    return Balance(owner, tokens or 0, await gateway.balance(owner))
