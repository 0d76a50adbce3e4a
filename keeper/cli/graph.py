"""`neurolov graph`: show a graph file and register it on chain."""

from pathlib import Path

import click

from keeper.cli.files import read_graph, times
from keeper.cli.options import FILE, KeyOptions, answer, json_option, key_command, run_async
from keeper.exact.roles.graphs import GraphRegistrar
from keeper.node.buying.affordable import require_lamports
from keeper.node.connection import open_connection


@click.group()
def graph() -> None:
    """Show graphs of operators and register them on chain."""


@graph.command()
@click.argument("path", type=FILE)
@json_option
def show(path: Path, as_json: bool) -> None:
    """Show the operators of a graph file."""
    found = read_graph(path)
    operators = [
        {
            "opcode": descriptor.opcode.name.lower(),
            "output_shape": list(descriptor.output_shape),
            "multiply_adds": descriptor.multiply_adds,
        }
        for descriptor in found.descriptors
    ]
    document = {
        "spec_root": found.spec_root.hex(),
        "multiply_adds": found.multiply_adds,
        "inputs": [[*spec.shape, spec.dtype.name.lower()] for spec in found.inputs],
        "operators": operators,
    }
    lines = [
        f"{number:>3}  {each.opcode.name.lower():<12} {times(each.output_shape):<16}  "
        f"{each.multiply_adds:,}"
        for number, each in enumerate(found.descriptors)
    ]
    answer(document, as_json, f"spec root {found.spec_root.hex()}", *lines)


@graph.command()
@click.argument("path", type=FILE)
@key_command
def register(key: KeyOptions, path: Path) -> None:
    """Register a graph file on chain, or continue an unfinished registration."""
    found = read_graph(path)

    async def work() -> str:
        async with open_connection(key.settings, key.keypair) as connection:
            registrar = GraphRegistrar(connection.gateway, connection.submitter, connection.owner)
            await require_lamports(
                connection, await registrar.costs(found), "registering the graph"
            )
            return str(await registrar.register(found))

    address = run_async(work())
    document = {"graph": address, "spec_root": found.spec_root.hex()}
    answer(document, key.as_json, f"graph {address}")
