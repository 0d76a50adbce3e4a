"""`neurolov job result`: a job's output, kept or fetched."""

from dataclasses import replace
from pathlib import Path

import click
from solders.pubkey import Pubkey

from keeper.cli.files import read_graph
from keeper.cli.options import FILE, Address, KeyOptions, answer, key_command, run_async
from keeper.cli.outputs import Output, output_options, result_document, result_lines
from keeper.exact.roles.following import results_of
from keeper.exact.roles.own_jobs import job_result
from keeper.node.buying.results import Result
from keeper.node.connection import open_reader


@click.command()
@click.argument("address", type=Address(), metavar="JOB")
@click.option(
    "--graph",
    "graph_path",
    type=FILE,
    help="The job's graph, with the description beside it: the outputs are written in the model's "
    "own types then.",
)
@output_options(required=True)
@key_command
def result(key: KeyOptions, address: Pubkey, graph_path: Path | None, output: Output) -> None:
    """Write a job's result to a file: the kept one, or else fetched and checked."""
    if graph_path is not None:
        from keeper.cli.models.described import DescribedGraph  # noqa: PLC0415

        described = DescribedGraph(graph_path, read_graph(graph_path))
        output = replace(output, decode=described.decode)

    async def work() -> Result:
        async with open_reader(key.settings, key.keypair) as reader:
            output.require_writable(0, results_of(reader.folder).path(address))
            return await job_result(reader, address)

    found = output.write(run_async(work()))
    document = {"job": str(address), "output": str(output.path), **result_document(found)}
    answer(document, key.as_json, *result_lines(output.path, found))
