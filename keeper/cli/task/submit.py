"""`neurolov task submit`: post a task and follow it to its end."""

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from keeper.cli.files import read_kernel, read_kernel_inputs
from keeper.cli.options import (
    FILE,
    KeyOptions,
    answer,
    key_command,
    price_option,
    run_async,
    serving_options,
    tell,
    tip_option,
)
from keeper.configuration import Serving
from keeper.node.connection import open_connection
from keeper.node.occupancy import Role
from keeper.node.services import open_storage
from keeper.tolerant.roles.archive import TaskRecord
from keeper.tolerant.roles.posting import TaskOffer
from keeper.tolerant.roles.revealed_outputs import OutputMissingError
from keeper.tolerant.roles.submission import submit_task

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
@click.option("--output", type=FILE, help="Write the output to this .npy file.")
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
    output: Path | None,
    serving: Serving,
) -> None:
    """Post a task, serve its data, wait for its end and reclaim what is unspent.

    Providers that agree within the kernel's tolerance are paid. Nothing proves that they are right.
    """
    offer = TaskOffer(price, tip, n, max_runs)
    package = read_kernel(package_path)
    inputs = read_kernel_inputs(package, input_paths)

    async def work() -> tuple[TaskRecord, bytes | None]:
        async with (
            open_connection(key.settings, key.keypair, role=Role.TASK_BUYER) as connection,
            open_storage(connection.folder, serving) as storage,
        ):
            return await submit_task(connection, storage, package, inputs, offer=offer, tell=tell)

    record, result = run_async(work())
    if output is not None:
        if result is None:
            raise OutputMissingError(
                f"task {record.task} is {record.state}: there is no output to write"
            )
        np.save(output, np.frombuffer(result, package.output.element.numpy), allow_pickle=False)
    answer(asdict(record), key.as_json, *record.lines)
