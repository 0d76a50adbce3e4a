"""`neurolov job`: submit, status, result, cancel."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from solders.pubkey import Pubkey

from idl.client import associated_token_address
from keeper.chain.errors import InsufficientFundsError
from keeper.cli.connection import Connection, open_connection
from keeper.cli.files import read_graph, read_inputs
from keeper.cli.options import (
    Address,
    NlovAmount,
    answer,
    background,
    cluster_options,
    json_option,
    keypair_option,
    nlov,
    run_async,
    serving_options,
)
from keeper.configuration import NodeSettings, Serving
from keeper.configuration.settings import DEFAULT_QUOTA_BYTES
from keeper.data import BlobStore
from keeper.errors import BadInputError
from keeper.exact.decisions.state import JobSnapshot, JobState
from keeper.exact.roles import Buyer
from keeper.exact.roles.material import MaterialSource
from keeper.exact.roles.orders import JobTerms, OrderDesk, SaltBook
from keeper.exact.roles.results import JobRecord, ResultError, ResultShelf, fetch_result
from keeper.exact.roles.traces import TraceSource
from keeper.node.services import Storage, open_storage
from kernels.graph import Graph
from kernels.trace.layout import Array

DEFAULT_PORT = 7000
FILE = click.Path(path_type=Path, dir_okay=False)


class UnknownJobError(BadInputError):
    """Neither the chain nor this node knows the job."""


@click.group()
def job() -> None:
    """Have a graph run."""


@job.command()
@click.option("--graph", "graph_path", type=FILE, required=True, help="Graph file.")
@click.option(
    "--input",
    "input_paths",
    type=FILE,
    multiple=True,
    required=True,
    help="A .npy file for each of the graph's inputs, in order.",
)
@click.option(
    "--input-sha256",
    "expected",
    multiple=True,
    help="What each input's canonical bytes must hash to.",
)
@click.option("--price", type=NlovAmount(), required=True, help="Most that the work may cost.")
@click.option(
    "--fee", type=NlovAmount(), default="0.1", show_default=True, help="For each verifier's ballot."
)
@click.option(
    "--tip", type=NlovAmount(), default="0.01", show_default=True, help="For each crank step."
)
@click.option(
    "--urgency",
    type=NlovAmount(),
    default="0",
    show_default=True,
    help="Premium for the provider, part of it burned.",
)
@click.option("--verifiers", type=click.Choice(["1", "3", "5"]), default="3", show_default=True)
@click.option("--output", type=FILE, help="Where the result goes, as .npy.")
@serving_options(DEFAULT_PORT)
@json_option
@keypair_option
@cluster_options
def submit(
    *,
    settings: NodeSettings,
    keypair: Path,
    as_json: bool,
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
    """Pay for a job, serve its data, follow it to the end and take back what is left."""
    graph = read_graph(graph_path)
    inputs = read_inputs(graph, input_paths, expected)
    terms = JobTerms(price, fee, tip, urgency, int(verifiers))

    async def work() -> JobRecord:
        async with (
            open_connection(settings, keypair) as connection,
            open_storage(connection.services, settings.folder, serving) as storage,
        ):
            await _require_tokens(connection, terms)
            return await _submit(settings.folder, connection, storage, (graph, inputs), terms)

    record = run_async(work())
    if output is not None:
        _write_result(ResultShelf(_shelf(settings.folder)), record, output)
    answer(asdict(record), as_json, f"job {record.job}: {record.state}, {record.outcome}")


@job.command()
@click.argument("address", type=Address())
@json_option
@keypair_option
@cluster_options
def status(settings: NodeSettings, keypair: Path, as_json: bool, address: Pubkey) -> None:
    """Show where a job stands."""

    async def work() -> dict[str, Any]:
        async with open_connection(settings, keypair) as connection:
            snapshot = connection.mirror.view.jobs.get(address)
            if snapshot is None:
                return asdict(_record(settings.folder, address))
            return _status(snapshot)

    document = run_async(work())
    answer(document, as_json, *(f"{name}: {value}" for name, value in document.items()))


@job.command()
@click.argument("address", type=Address())
@click.option("--output", type=FILE, required=True, help="Where the result goes, as .npy.")
@json_option
@keypair_option
@cluster_options
def result(
    settings: NodeSettings, keypair: Path, as_json: bool, address: Pubkey, output: Path
) -> None:
    """Fetch a job's result and check it against what was committed."""

    async def work() -> Array:
        shelf = ResultShelf(_shelf(settings.folder))
        if (kept := shelf.result(address)) is not None:
            return kept
        async with open_connection(settings, keypair) as connection:
            snapshot = _known(connection, settings.folder, address)
            services = connection.services
            store = BlobStore(settings.folder, DEFAULT_QUOTA_BYTES)
            source = MaterialSource(services.client, store, services.lane)
            material = await source.get(snapshot.job)
            traces = TraceSource(services.client, services.gateway)
            return await fetch_result(traces, snapshot, material.graph)

    array = run_async(work())
    np.save(output, array, allow_pickle=False)
    document = {"job": str(address), "output": str(output), "shape": list(array.shape)}
    answer(document, as_json, f"{output}: {array.dtype}{array.shape}")


@job.command()
@click.argument("address", type=Address())
@json_option
@keypair_option
@cluster_options
def cancel(settings: NodeSettings, keypair: Path, as_json: bool, address: Pubkey) -> None:
    """Take back a job that nobody has claimed."""

    async def work() -> None:
        async with open_connection(settings, keypair) as connection:
            snapshot = _known(connection, settings.folder, address)
            if snapshot.job.buyer != connection.owner:
                raise BadInputError(f"job {address} belongs to {snapshot.job.buyer}")
            if snapshot.job.state is not JobState.POSTED or snapshot.job.progress:
                state = snapshot.job.state.name.lower()
                raise BadInputError(f"job {address} is {state}; only an unclaimed job is cancelled")
            buyer = _buyer(settings.folder, connection)
            buyer.cancelling.add(address)
            async with background(connection.mirror.run(), buyer.run()):
                while address in connection.mirror.view.jobs:
                    await connection.mirror.next_look()

    run_async(work())
    answer({"job": str(address), "state": "cancelled"}, as_json, f"job {address}: refunded")


async def _submit(
    folder: Path,
    connection: Connection,
    storage: Storage,
    material: tuple[Graph, list[Array]],
    terms: JobTerms,
) -> JobRecord:
    graph, inputs = material
    desk = OrderDesk(
        connection.services.gateway,
        connection.submitter,
        connection.owner,
        storage.store,
        SaltBook(folder / "salts"),
    )
    address = await desk.register_graph(graph)
    manifest = desk.store_material(graph, inputs)
    posted = await desk.post(address, manifest, inputs, terms, storage.url)
    click.echo(f"job {posted} posted", err=True)
    buyer = _buyer(folder, connection)
    buyer.keep.add(posted)
    await connection.mirror.refresh()
    async with background(connection.mirror.run(), buyer.run()):
        snapshot = await _ended(connection, buyer, posted, graph)
        settled = snapshot.job.state is JobState.SETTLED
        result = await _result(connection, snapshot, graph) if settled else None
        shelf = ResultShelf(_shelf(folder))
        record = shelf.keep(snapshot, connection.mirror.view.slot, result)
        buyer.keep.discard(posted)
        while posted in connection.mirror.view.jobs:
            await connection.mirror.next_look()
    return record


async def _ended(connection: Connection, buyer: Buyer, posted: Pubkey, graph: Graph) -> JobSnapshot:
    told, fetched = "", False
    while True:
        snapshot = connection.mirror.view.jobs[posted]
        step = ", ".join(f"{name} {value}" for name, value in _status(snapshot).items())
        if step != told:
            click.echo(f"slot {connection.mirror.view.slot}: {step}", err=True)
            told = step
        if snapshot.job.state.ended:
            return snapshot
        judged, slot = snapshot.verdict, connection.mirror.view.slot
        if judged is not None and judged.may_demand(slot) and not fetched:
            fetched = await _result(connection, snapshot, graph) is not None
            if not fetched:
                buyer.missing.add(posted)
        await connection.mirror.next_look()


async def _result(connection: Connection, snapshot: JobSnapshot, graph: Graph) -> Array | None:
    traces = TraceSource(connection.services.client, connection.services.gateway)
    try:
        return await fetch_result(traces, snapshot, graph)
    except ResultError as error:
        click.echo(f"no result: {error}", err=True)
        return None


async def _require_tokens(connection: Connection, terms: JobTerms) -> None:
    rules = connection.mirror.view.rules
    needed = (
        terms.price + terms.verification + terms.tips + terms.urgency + rules.escrow.posting_fee
    )
    account = associated_token_address(connection.owner, rules.mint)
    held = await connection.services.gateway.token_balance(account) or 0
    if held < needed:
        raise InsufficientFundsError(
            f"the job locks {nlov(needed)} NLOV, {connection.owner} has {nlov(held)}; "
            "fund the account or lower the price"
        )


def _known(connection: Connection, folder: Path, address: Pubkey) -> JobSnapshot:
    snapshot = connection.mirror.view.jobs.get(address)
    if snapshot is None:
        record = _record(folder, address)
        raise BadInputError(f"job {address} is closed: {record.state}, {record.outcome}")
    return snapshot


def _record(folder: Path, address: Pubkey) -> JobRecord:
    record = ResultShelf(_shelf(folder)).record(address)
    if record is None:
        raise UnknownJobError(f"unknown job {address}; check the address and the cluster's URL")
    return record


def _status(snapshot: JobSnapshot) -> dict[str, Any]:
    found, verdict = snapshot.job, snapshot.verdict
    document: dict[str, Any] = {
        "job": str(found.address),
        "state": found.state.name.lower(),
        "progress": f"{found.progress}/{found.operators}",
    }
    if found.lease is not None:
        document["provider"] = str(found.lease.provider)
        document["price"] = nlov(found.lease.price)
    if verdict is not None:
        document["verdict"] = verdict.state.name.lower()
        document["outcome"] = verdict.outcome.name.lower()
        document["ballots"] = [ballot.state.name.lower() for ballot in verdict.ballots]
    return document


def _buyer(folder: Path, connection: Connection) -> Buyer:
    return Buyer(
        connection.mirror, connection.submitter, connection.owner, SaltBook(folder / "salts")
    )


def _shelf(folder: Path) -> Path:
    return folder / "results"


def _write_result(shelf: ResultShelf, record: JobRecord, output: Path) -> None:
    array = shelf.result(Pubkey.from_string(record.job))
    if array is None:
        raise ResultError(f"job {record.job} is {record.outcome}: there is no result to write")
    np.save(output, array, allow_pickle=False)
