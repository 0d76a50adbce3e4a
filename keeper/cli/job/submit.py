"""`neurolov job submit`: post a job and follow it to its end."""

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from solders.pubkey import Pubkey

from keeper.cli.files import read_graph, read_inputs
from keeper.cli.options import (
    FEE,
    FILE,
    VERIFIERS,
    KeyOptions,
    NlovAmount,
    answer,
    key_command,
    price_option,
    run_async,
    serving_options,
    tell,
    tip_option,
)
from keeper.configuration import Serving
from keeper.exact.decisions.offer import JobOffer
from keeper.exact.roles.results import JobRecord, ResultError
from keeper.exact.roles.submission import results_of, submit_job
from keeper.node.connection import open_connection
from keeper.node.occupancy import Role
from keeper.node.services import open_storage
from kernels.trace.layout import Array

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
@FEE.option()
@tip_option
@click.option(
    "--urgency",
    type=NlovAmount(),
    default="0",
    show_default=True,
    help="Extra $NLOV for the provider, part of which is burned.",
)
@VERIFIERS.option()
@click.option("--output", type=FILE, help="Write the result to this .npy file.")
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
    output: Path | None,
    serving: Serving,
) -> None:
    """Post a job, serve its data, wait for its end and reclaim what is unspent."""
    graph = read_graph(graph_path)
    inputs = read_inputs(graph, input_paths, expected)
    offer = JobOffer(price, fee, tip, urgency, int(verifiers))

    async def work() -> tuple[JobRecord, Array | None]:
        async with (
            open_connection(key.settings, key.keypair, role=Role.JOB_BUYER) as connection,
            open_storage(connection.folder, serving) as storage,
        ):
            record = await submit_job(connection, storage, graph, inputs, offer=offer, tell=tell)
            return record, results_of(connection).result(Pubkey.from_string(record.job))

    record, array = run_async(work())
    if output is not None:
        if array is None:
            raise ResultError(f"job {record.job} is {record.outcome}: there is no result to write")
        np.save(output, array, allow_pickle=False)
    answer(asdict(record), key.as_json, f"job {record.job}: {record.state}, {record.outcome}")
