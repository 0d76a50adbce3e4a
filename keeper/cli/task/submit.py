"""`neurolov task submit`: post a task and follow it to its end."""

from pathlib import Path

import click

from keeper.cli.files import read_kernel, read_kernel_inputs
from keeper.cli.interruption import told_on_interruption
from keeper.cli.options import (
    FILE,
    KeyOptions,
    key_command,
    price_option,
    run_async,
    serving_options,
    tell,
    tip_option,
)
from keeper.cli.outputs import Output, npy_bytes, output_options, require_room
from keeper.cli.serving import serving_as
from keeper.cli.task.ending import ended
from keeper.cli.task.interruption import reached
from keeper.configuration import Serving
from keeper.node.connection import open_connection
from keeper.node.services import open_storage
from keeper.tolerant.decisions.offer import TaskOffer
from keeper.tolerant.roles.archive import TaskArchive, TaskRecord
from keeper.tolerant.roles.following import outputs_of
from keeper.tolerant.roles.submission import TaskOrder, TaskWatch, begun_before, submit_task

DEFAULT_PORT = 7030


@click.command()
@click.option(
    "--package",
    "package_path",
    type=click.Path(path_type=Path),
    required=True,
    help="Package file, or a folder that has a manifest.toml.",
)
@click.option(
    "--input",
    "input_paths",
    type=FILE,
    multiple=True,
    help="One file per input of the kernel, in order: .npy or raw bytes.",
)
@price_option("$NLOV paid for each run that agrees.")
@tip_option
@click.option(
    "--n",
    default=3,
    show_default=True,
    help="Number of runs at first: 3, 5 or 7. The majority must agree.",
)
@click.option(
    "--max-runs",
    default=5,
    show_default=True,
    help="Most runs if the first ones disagree: 3, 5 or 7.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Pay for one more task although an equal one was submitted before.",
)
@click.option(
    "--unchecked-url",
    is_flag=True,
    help="Pay even if this machine cannot fetch from its own --public-url.",
)
@output_options()
@serving_options(DEFAULT_PORT)
@key_command
def submit(
    *,
    key: KeyOptions,
    package_path: Path,
    input_paths: tuple[Path, ...],
    price: int,
    tip: int,
    n: int,
    max_runs: int,
    again: bool,
    unchecked_url: bool,
    output: Output | None,
    serving: Serving,
) -> int:
    """Post a task, serve its data, wait for its end and reclaim what is unspent.

    Providers that agree within the kernel's tolerance are paid. Nothing proves that they are right.
    The same command goes on with the same task, or tells its output, until --again is given.
    """
    offer = TaskOffer(price, tip, n, max_runs)
    package = read_kernel(package_path)
    inputs = read_kernel_inputs(package, input_paths)
    order = TaskOrder(package, inputs, offer, again=again, unchecked_url=unchecked_url)
    watch = TaskWatch()

    async def work() -> tuple[TaskRecord, TaskArchive]:
        async with open_connection(key.settings, key.keypair) as connection:
            archive = outputs_of(connection.folder)
            size = npy_bytes(package.output.bytes)
            require_room(connection.folder, size)
            before, kept = begun_before(connection, order) or (None, None)
            if output is not None:
                output.require_writable(size, kept)
            serves = serving_as(serving, before)
            async with open_storage(connection.folder, serves) as storage:
                record = await submit_task(connection, storage, order, tell=tell, watch=watch)
                return record, archive

    with told_on_interruption(lambda: reached(watch)):
        record, archive = run_async(work())
    return ended(key, record, archive, output)
