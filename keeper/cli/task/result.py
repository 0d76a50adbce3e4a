"""`neurolov task result`: a task's output, kept or fetched."""

import click
import numpy as np
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.cli.outputs import Output, output_options
from keeper.node.connection import open_reader
from keeper.tolerant.roles.following import outputs_of
from keeper.tolerant.roles.own_tasks import task_output


@click.command()
@click.argument("address", type=Address(), metavar="TASK")
@output_options(required=True)
@key_command
def result(key: KeyOptions, address: Pubkey, output: Output) -> None:
    """Write a task's output to a file: the kept one, or else fetched and checked."""

    async def work() -> np.ndarray:
        async with open_reader(key.settings, key.keypair) as reader:
            output.require_writable(0, outputs_of(reader.folder).path(address))
            return await task_output(reader, address)

    elements = run_async(work())
    output.write(elements)
    document = {"task": str(address), "output": str(output.path), "elements": elements.size}
    told = f"{output.path}: {elements.size:,} elements of {elements.dtype}"
    answer(document, key.as_json, told)
