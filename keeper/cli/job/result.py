"""`neurolov job result`: a job's output, kept or fetched."""

import click
from solders.pubkey import Pubkey

from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.cli.outputs import Output, output_options
from keeper.exact.roles.following import results_of
from keeper.exact.roles.own_jobs import job_result
from keeper.node.connection import open_reader
from kernels.trace.layout import Array


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@output_options(required=True)
@key_command
def result(key: KeyOptions, address: Pubkey, output: Output) -> None:
    """Write a job's result to a file: the kept one, or else fetched and checked."""

    async def work() -> Array:
        async with open_reader(key.settings, key.keypair) as reader:
            output.require_writable(0, results_of(reader.folder).path(address))
            return await job_result(reader, address)

    array = run_async(work())
    output.write(array)
    shape = list(array.shape)
    document = {"job": str(address), "output": str(output.path), "shape": shape}
    size = "x".join(map(str, shape)) or "one"
    answer(document, key.as_json, f"{output.path}: {size} elements of {array.dtype}")
