"""`neurolov model run`: run a model on inputs from files."""

from pathlib import Path

import click

from keeper.cli.models.runnable import open_runnable
from keeper.cli.models.tensors import NamedFile, document_of, lines_of, read_tensors
from keeper.cli.options import ADAPTER, answer, json_option
from keeper.cli.outputs import require_place
from keeper.files import replace_atomically
from keeper.node.buying.results import write_archive

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("path", metavar="MODEL", type=FILE)
@click.option(
    "--input",
    "named",
    type=NamedFile(),
    multiple=True,
    help="File of an input, .npy or .pb: NAME=FILE.",
)
@click.option("--inputs", "archive", type=FILE, help="An .npz file with one array per input.")
@click.option("-o", "--output", type=FILE, help="Write the outputs to this .npz file.")
@ADAPTER.option()
@json_option
def run(
    *,
    path: Path,
    named: tuple[tuple[str, Path], ...],
    archive: Path | None,
    output: Path | None,
    adapter: str | None,
    as_json: bool,
) -> None:
    """Run an ONNX model, or the output of `import` or `quantise`, on an adapter."""
    if output is not None:
        require_place(output)
    inputs = read_tensors(named, archive)
    outputs = open_runnable(path, adapter).run(inputs)
    if output is not None:
        with replace_atomically(output) as file:
            write_archive(file, outputs)
    answer({"outputs": document_of(outputs)}, as_json, *lines_of(outputs))
