"""`neurolov task`: submit, show. The tolerant class: redundant execution without a fraud proof."""

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np
from solders.pubkey import Pubkey

from idl.client import associated_token_address
from keeper.chain.errors import InsufficientFundsError
from keeper.cli.connection import Connection, open_connection, task_mirror
from keeper.cli.files import read_kernel, read_kernel_inputs
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
from keeper.errors import BadInputError
from keeper.exact.roles.results import ResultError
from keeper.node.services import open_storage
from keeper.tolerant.decisions.state import Task, TaskState
from keeper.tolerant.roles.buyer import TaskBuyer
from keeper.tolerant.roles.mirror import TaskMirror
from keeper.tolerant.roles.orders import TaskDesk, TaskTerms
from keeper.tolerant.roles.outputs import OutputSource
from keeper.tolerant.roles.records import TaskRecord, TaskShelf, record_of

DEFAULT_PORT = 7030
FETCH_SECONDS = 120.0
FILE = click.Path(path_type=Path, dir_okay=False)


class UnknownTaskError(BadInputError):
    """Neither the chain nor this node knows the task."""


@click.group()
def task() -> None:
    """Have a custom kernel run by several providers (tolerant class: no fraud proof)."""


@task.command()
@click.option(
    "--package",
    "package_path",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder with manifest.toml, or a package file.",
)
@click.option(
    "--input",
    "input_paths",
    type=FILE,
    multiple=True,
    help="A file for each of the kernel's inputs, in order: .npy, or the raw bytes.",
)
@click.option("--price", type=NlovAmount(), required=True, help="Of each run that agrees.")
@click.option(
    "--tip", type=NlovAmount(), default="0.01", show_default=True, help="For each crank step."
)
@click.option("--k", default=2, show_default=True, help="Runs that have to agree.")
@click.option("--n", default=3, show_default=True, help="Runs at first; k is more than half.")
@click.option("--max-runs", default=5, show_default=True, help="Runs at most, if they disagree.")
@click.option("--output", type=FILE, help="Where the output goes, as .npy of its elements.")
@serving_options(DEFAULT_PORT)
@json_option
@keypair_option
@cluster_options
def submit(
    *,
    settings: NodeSettings,
    keypair: Path,
    as_json: bool,
    package_path: Path,
    input_paths: tuple[Path, ...],
    price: int,
    tip: int,
    k: int,
    n: int,
    max_runs: int,
    output: Path | None,
    serving: Serving,
) -> None:
    """Pay for a task, serve its data, follow it to the end and take back what is left.

    Providers that agree within the kernel's tolerance are paid; nobody proves that they are right.
    """
    terms = TaskTerms(price, tip, k, n, max_runs)
    package = read_kernel(package_path)
    inputs = read_kernel_inputs(package, input_paths)

    async def work() -> tuple[TaskRecord, bytes | None]:
        async with (
            open_connection(settings, keypair) as connection,
            open_storage(connection.services, settings.folder, serving) as storage,
        ):
            mirror = await task_mirror(connection, settings)
            await _require_tokens(connection, mirror, terms)
            desk = TaskDesk(
                connection.services.gateway, connection.submitter, connection.owner, storage.store
            )
            manifest = desk.store_material(package, inputs)
            posted = await desk.post(package, manifest, terms, storage.url)
            return await _follow(connection, mirror, posted, settings)

    record, result = run_async(work())
    if output is not None:
        if result is None:
            raise ResultError(f"task {record.task} is {record.state}: there is no output to write")
        np.save(output, np.frombuffer(result, package.output.element.numpy), allow_pickle=False)
    answer(asdict(record), as_json, *record.lines)


@task.command()
@click.argument("address", type=Address())
@json_option
@keypair_option
@cluster_options
def show(settings: NodeSettings, keypair: Path, as_json: bool, address: Pubkey) -> None:
    """Show where a task stands and who agrees with whom."""

    async def work() -> TaskRecord:
        async with open_connection(settings, keypair) as connection:
            mirror = await task_mirror(connection, settings)
            snapshot = mirror.view.tasks.get(address)
            if snapshot is not None:
                return record_of(snapshot.task)
        record = TaskShelf(_shelf(settings)).get(address)
        if record is None:
            raise UnknownTaskError(
                f"unknown task {address}; check the address and the cluster's URL"
            )
        return record

    record = run_async(work())
    answer(asdict(record), as_json, *record.lines)


async def _follow(
    connection: Connection, mirror: TaskMirror, posted: Pubkey, settings: NodeSettings
) -> tuple[TaskRecord, bytes | None]:
    services = connection.services
    click.echo(f"task {posted} posted", err=True)
    buyer = TaskBuyer(mirror, connection.submitter, connection.owner)
    buyer.keep.add(posted)
    await mirror.refresh()
    async with background(mirror.run(), buyer.run()):
        ended = await _ended(mirror, posted)
        result = await _output(OutputSource(services.client, services.gateway), ended)
        record = TaskShelf(_shelf(settings)).keep(ended)
        buyer.keep.discard(posted)
        while posted in mirror.view.tasks:
            await mirror.next_look()
    return record, result


async def _ended(mirror: TaskMirror, posted: Pubkey) -> Task:
    told = ""
    while True:
        found = mirror.view.tasks[posted].task
        runs = ", ".join(run.state.name.lower() for run in found.runs)
        step = f"{found.state.name.lower()}, round {found.round}, runs: {runs or 'none'}"
        if step != told:
            click.echo(f"slot {mirror.view.slot}: {step}", err=True)
            told = step
        if found.state.ended:
            return found
        await mirror.next_look()


async def _output(outputs: OutputSource, found: Task) -> bytes | None:
    """From the first of those who were paid that serves what it revealed."""
    if found.state is not TaskState.SETTLED:
        return None
    for run in found.paid_runs:
        data = await outputs.fetch(found, run, FETCH_SECONDS)
        if data is not None:
            return data
    click.echo("no output: none of those who agree serves what it revealed", err=True)
    return None


async def _require_tokens(connection: Connection, mirror: TaskMirror, terms: TaskTerms) -> None:
    view, locked = mirror.view, terms.locked
    needed = locked.price + locked.tips + view.posting_fee
    account = associated_token_address(connection.owner, view.mint)
    held = await connection.services.gateway.token_balance(account) or 0
    if held < needed:
        raise InsufficientFundsError(
            f"the task locks {nlov(needed)} NLOV, {connection.owner} has {nlov(held)}; "
            "fund the account, lower the price or allow fewer runs"
        )


def _shelf(settings: NodeSettings) -> Path:
    return settings.folder / "task-records"
