"""`neurolov job result`: a job's output, kept or fetched."""

from pathlib import Path

import click
import numpy as np
from solders.pubkey import Pubkey

from keeper.cli.options import FILE, Address, KeyOptions, answer, key_command, run_async
from keeper.exact.roles.submission import job_result
from keeper.node.connection import open_reader
from kernels.trace.layout import Array


@click.command()
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
