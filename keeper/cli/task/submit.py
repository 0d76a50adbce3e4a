"""`neurolov task submit`: post a task and follow it to its end."""

from dataclasses import replace
from pathlib import Path

import click

from keeper.cli.buying.confirmation import yes_option
from keeper.cli.buying.interruption import told_on_interruption
from keeper.cli.buying.limits import limit_options
from keeper.cli.buying.serving import serving_as
from keeper.cli.files import read_kernel
from keeper.cli.given import Given, GivenInput, task_tensors
from keeper.cli.options import (
    KeyOptions,
    key_command,
    run_async,
    serving_options,
    tell,
)
from keeper.cli.outputs import Output, npy_bytes, output_options, require_room
from keeper.cli.task.agreement import TaskAgreement
from keeper.cli.task.ending import Ending, ended, ending_of
from keeper.cli.task.interruption import reached
from keeper.cli.task.offering import task_offer_options
from keeper.configuration import Serving
from keeper.node.buying.spending import Limits
from keeper.node.connection import open_connection
from keeper.node.services import open_storage
from keeper.tolerant.decisions.offer import TaskOffer
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
    "given",
    type=GivenInput(),
    multiple=True,
    help="One file per input of the kernel, in order: .npy or raw bytes; or NAME=FILE with the "
    "model's own tensors, which the description beside the package encodes. The weights are added "
    "and the result is decoded then.",
)
@task_offer_options
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
@click.option("--anyway", is_flag=True, help="Pay even while too few could join the task.")
@yes_option
@limit_options
@output_options()
@serving_options(DEFAULT_PORT)
@key_command
def submit(
    *,
    key: KeyOptions,
    package_path: Path,
    given: tuple[Given, ...],
    offer: TaskOffer,
    again: bool,
    unchecked_url: bool,
    anyway: bool,
    yes: bool,
    limits: Limits,
    output: Output | None,
    serving: Serving,
) -> int:
    """Show a quote and ask; then post the task, serve its data and wait for its end.

    Providers that agree within the kernel's tolerance are paid. Nothing proves that they are right.
    The same command goes on with the same task, or tells its output, until --again is given.
    """
    package = read_kernel(package_path)
    inputs, decode = task_tensors(package, package_path, given)
    if output is not None and decode is not None:
        output = replace(output, decode=decode)
    order = TaskOrder(
        package, inputs, offer, again=again, unchecked_url=unchecked_url, limits=limits
    )
    agreement = TaskAgreement(offer, tell, yes=yes, anyway=anyway)
    watch, several = TaskWatch(), len(package.outputs) > 1

    async def work() -> Ending:
        async with open_connection(key.settings, key.keypair) as connection:
            archive = outputs_of(connection.folder)
            names = [each.name or "" for each in package.outputs] if several else []
            # Decoded, an element of 32 bits may become one of 64.
            size = npy_bytes(package.output_bytes * (1 if decode is None else 2), len(names) or 1)
            require_room(connection.folder, size)
            before, kept = begun_before(connection, order) or (None, None)
            if output is not None:
                output.require_writable(size, kept, names)
            serves = serving_as(serving, before)
            async with open_storage(connection.folder, serves) as storage:
                record = await submit_task(
                    connection, storage, order, tell=tell, watch=watch, agreement=agreement
                )
                return await ending_of(connection, record, archive)

    with told_on_interruption(lambda: reached(watch)):
        ending = run_async(work())
    return ended(key, ending, output)
