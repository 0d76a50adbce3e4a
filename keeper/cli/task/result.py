"""`neurolov task result`: a task's output, kept or fetched."""

from dataclasses import replace
from pathlib import Path

import click
from solders.pubkey import Pubkey

from keeper.cli.files import read_kernel
from keeper.cli.models.places import description_path
from keeper.cli.options import Address, KeyOptions, answer, key_command, run_async
from keeper.cli.outputs import Output, output_options, result_document, result_lines
from keeper.node.buying.results import Result
from keeper.node.connection import open_reader
from keeper.tolerant.roles.following import outputs_of
from keeper.tolerant.roles.own_tasks import task_output


@click.command()
@click.argument("address", type=Address(), metavar="TASK")
@click.option(
    "--package",
    "package_path",
    type=click.Path(path_type=Path),
    help="The task's kernel, for outputs that are not kept here. With a description beside it, "
    "they are written in the model's own types.",
)
@output_options(required=True)
@key_command
def result(key: KeyOptions, address: Pubkey, package_path: Path | None, output: Output) -> None:
    """Write a task's outputs to a file: the kept ones, or else fetched and checked."""
    package = None if package_path is None else read_kernel(package_path)
    if package_path is not None and package and description_path(package_path).is_file():
        from keeper.cli.models.described import DescribedPackage  # noqa: PLC0415

        output = replace(output, decode=DescribedPackage(package_path, package).decode)

    async def work() -> Result:
        async with open_reader(key.settings, key.keypair) as reader:
            output.require_writable(0, outputs_of(reader.folder).path(address))
            return await task_output(reader, address, package)

    found = output.write(run_async(work()))
    document = {"task": str(address), "output": str(output.path), **result_document(found)}
    answer(document, key.as_json, *result_lines(output.path, found))
