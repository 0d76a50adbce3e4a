"""`neurolov job`: submit a job, show its status, fetch its result, cancel it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from solders.pubkey import Pubkey

from keeper.cli.files import read_graph, read_inputs
from keeper.cli.options import (
    FILE,
    Address,
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
from keeper.exact.roles.posting import JobOffer
from keeper.exact.roles.results import JobRecord, ResultError
from keeper.exact.roles.submission import (
    cancel_job,
    find_job,
    job_result,
    job_status,
    results_of,
    submit_job,
)
from keeper.node.connection import open_connection, open_reader
from keeper.node.occupancy import Role
from keeper.node.services import open_storage
from kernels.trace.layout import Array

DEFAULT_PORT = 7000


@click.group()
def job() -> None:
    """Post jobs and fetch their results."""


@job.command()
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


@job.command()
@click.argument("address", type=Address())
@key_command
def status(key: KeyOptions, address: Pubkey) -> None:
    """Show the state of a job."""

    async def work() -> dict[str, Any]:
        async with open_reader(key.settings, key.keypair) as reader:
            found = await find_job(reader, address)
            return asdict(found) if isinstance(found, JobRecord) else job_status(found)

    document = run_async(work())
    answer(document, key.as_json, *(f"{name}: {value}" for name, value in document.items()))


@job.command()
@click.argument("address", type=Address())
@click.option("--output", type=FILE, required=True, help="Write the result to this .npy file.")
@key_command
def result(key: KeyOptions, address: Pubkey, output: Path) -> None:
    """Fetch a job's result and check it against what was committed."""

    async def work() -> Array:
        async with open_reader(key.settings, key.keypair) as reader:
            return await job_result(reader, address)

    array = run_async(work())
    np.save(output, array, allow_pickle=False)
    document = {"job": str(address), "output": str(output), "shape": list(array.shape)}
    answer(document, key.as_json, f"{output}: {array.dtype}{array.shape}")


@job.command()
@click.argument("address", type=Address())
@key_command
def cancel(key: KeyOptions, address: Pubkey) -> None:
    """Cancel a job that nobody has claimed and get its payment back."""

    async def work() -> None:
        async with open_connection(key.settings, key.keypair, role=Role.JOB_BUYER) as connection:
            await cancel_job(connection, address)

    run_async(work())
    document = {"job": str(address), "state": "cancelled"}
    answer(document, key.as_json, f"job {address}: refunded")
