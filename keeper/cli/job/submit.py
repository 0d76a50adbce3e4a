"""`neurolov job submit`: post a job and follow it to its end."""

from pathlib import Path

import click

from keeper.cli.files import read_graph, read_inputs
from keeper.cli.job.ending import ended
from keeper.cli.job.interruption import told_on_interruption
from keeper.cli.options import (
    FILE,
    KeyOptions,
    NlovAmount,
    key_command,
    price_option,
    run_async,
    serving_options,
    tell,
    tip_option,
)
from keeper.cli.outputs import Output, npy_bytes, output_options, require_room
from keeper.cli.serving import serving_as
from keeper.configuration import Serving
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.following import results_of
from keeper.exact.roles.results import JobRecord, ResultArchive
from keeper.exact.roles.submission import Order, Watch, begun_before, submit_job
from keeper.node.connection import open_connection
from keeper.node.services import open_storage
from kernels.graph import Graph

DEFAULT_PORT = 7000


@click.command()
@click.option("--graph", "graph_path", type=FILE, required=True, help="Graph file to run.")
@click.option(
    "--input",
    "input_paths",
    type=FILE,
    multiple=True,
    required=True,
    help="One .npy file per input of the graph, in order.",
)
@click.option(
    "--input-sha256",
    "expected",
    multiple=True,
    help="Expected SHA-256 of each input's canonical bytes, in order.",
)
@price_option("Most $NLOV to pay for the work.")
@click.option(
    "--fee",
    type=NlovAmount(),
    default="0.2",
    show_default=True,
    help="$NLOV paid for each verifier's ballot.",
)
@tip_option
@click.option(
    "--urgency",
    type=NlovAmount(),
    default="0",
    show_default=True,
    help="Extra $NLOV for the provider, part of which is burned.",
)
@click.option(
    "--verifiers",
    type=click.Choice(["1", "3", "5"]),
    default="3",
    show_default=True,
    help="Number of verifiers to draw.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Pay for one more job although an equal one was submitted before.",
)
@click.option("--unverified", is_flag=True, help="Pay even while nobody could verify the result.")
@output_options()
@serving_options(DEFAULT_PORT)
@key_command
def submit(
    *,
    key: KeyOptions,
    graph_path: Path,
    input_paths: tuple[Path, ...],
    expected: tuple[str, ...],
    price: int,
    fee: int,
    tip: int,
    urgency: int,
    verifiers: str,
    again: bool,
    unverified: bool,
    output: Output | None,
    serving: Serving,
) -> int:
    """Post a job, serve its data, wait for its end and reclaim what is unspent.

    The same command goes on with the same job, or tells its result, until --again is given.
    """
    graph = read_graph(graph_path)
    inputs = read_inputs(graph, input_paths, expected)
    offer = JobOffer(price, fee, tip, urgency, int(verifiers))
    order = Order(graph, inputs, offer, again=again, unverified=unverified)
    watch = Watch()

    async def work() -> tuple[JobRecord, ResultArchive]:
        async with open_connection(key.settings, key.keypair) as connection:
            archive = results_of(connection.folder)
            size = _result_bytes(graph)
            require_room(connection.folder, size)
            before, kept = begun_before(connection, order) or (None, None)
            if output is not None:
                output.require_writable(size, kept)
            serves = serving_as(serving, before)
            async with open_storage(connection.folder, serves) as storage:
                record = await submit_job(connection, storage, order, tell=tell, watch=watch)
                return record, archive

    with told_on_interruption(watch):
        record, archive = run_async(work())
    return ended(key, record, archive, output)


def _result_bytes(graph: Graph) -> int:
    return npy_bytes(graph.outputs[-1].stored_bytes)
