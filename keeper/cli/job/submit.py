"""`neurolov job submit`: post a job and follow it to its end."""

from dataclasses import replace
from pathlib import Path

import click

from keeper.cli.buying.confirmation import yes_option
from keeper.cli.buying.interruption import told_on_interruption
from keeper.cli.buying.limits import limit_options
from keeper.cli.buying.serving import serving_as
from keeper.cli.files import read_graph
from keeper.cli.given import Given, GivenInput, job_tensors
from keeper.cli.job.agreement import JobAgreement
from keeper.cli.job.ending import Ending, ended, ending_of
from keeper.cli.job.interruption import reached
from keeper.cli.job.offering import Offering, job_offer_options
from keeper.cli.options import (
    FILE,
    KeyOptions,
    key_command,
    run_async,
    serving_options,
    tell,
)
from keeper.cli.outputs import Output, npy_bytes, output_options, require_room
from keeper.configuration import Serving
from keeper.exact.roles.following import results_of
from keeper.exact.roles.submission import Order, Watch, begun_before, submit_job
from keeper.node.buying.spending import Limits
from keeper.node.connection import open_connection
from keeper.node.services import open_storage

DEFAULT_PORT = 7000


@click.command()
@click.option("--graph", "graph_path", type=FILE, required=True, help="Graph file to run.")
@click.option(
    "--input",
    "given",
    type=GivenInput(),
    multiple=True,
    required=True,
    help="One .npy file per input of the graph, in order; or NAME=FILE with the model's own "
    "tensors, which the description beside the graph encodes. The result is decoded then.",
)
@click.option(
    "--input-sha256",
    "expected",
    multiple=True,
    help="Expected SHA-256 of each input's canonical bytes, in order.",
)
@job_offer_options
@click.option(
    "--again",
    is_flag=True,
    help="Pay for one more job although an equal one was submitted before.",
)
@click.option("--unverified", is_flag=True, help="Pay even while nobody could verify the result.")
@click.option(
    "--unchecked-url",
    is_flag=True,
    help="Pay even if this machine cannot fetch from its own --public-url.",
)
@click.option("--anyway", is_flag=True, help="Pay even while nobody could take the job.")
@yes_option
@limit_options
@output_options()
@serving_options(DEFAULT_PORT)
@key_command
def submit(
    *,
    key: KeyOptions,
    graph_path: Path,
    given: tuple[Given, ...],
    expected: tuple[str, ...],
    offering: Offering,
    again: bool,
    unverified: bool,
    unchecked_url: bool,
    anyway: bool,
    yes: bool,
    limits: Limits,
    output: Output | None,
    serving: Serving,
) -> int:
    """Show a quote and ask; then post the job, serve its data and wait for its end.

    The same command goes on with the same job, or tells its result, until --again is given.
    """
    graph = read_graph(graph_path)
    tensors = job_tensors(graph, graph_path, given, expected)
    if output is not None and tensors.decode is not None:
        output = replace(output, decode=tensors.decode)
    order = Order(
        graph,
        tensors.inputs,
        offering.offer,
        tensors.outputs,
        again=again,
        unverified=unverified,
        unchecked_url=unchecked_url,
        limits=limits,
    )
    agreement = JobAgreement(graph, offering, tell, yes=yes, anyway=anyway)
    watch = Watch()

    async def work() -> Ending:
        async with open_connection(key.settings, key.keypair) as connection:
            archive = results_of(connection.folder)
            names = [each.name for each in tensors.outputs]
            size = npy_bytes(tensors.result_bytes, len(names) or 1)
            require_room(connection.folder, size)
            before, kept = begun_before(connection, order) or (None, None)
            if output is not None:
                output.require_writable(size, kept, names)
            serves = serving_as(serving, before)
            async with open_storage(connection.folder, serves) as storage:
                record = await submit_job(
                    connection, storage, order, tell=tell, watch=watch, agreement=agreement
                )
                return await ending_of(connection, record, archive)

    with told_on_interruption(lambda: reached(watch)):
        ending = run_async(work())
    return ended(key, ending, output)
