"""`neurolov model quantise`: from a float model and sample inputs to an exact graph."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from keeper.cli.files import read_archive
from keeper.cli.models.described import description_path
from keeper.cli.models.files import read_onnx
from keeper.cli.options import answer, json_option
from keeper.cli.outputs import require_place
from keeper.errors import BadInputError
from keeper.files import replace_atomically
from kernels.graph.file import dump
from kernels.onnx.exact import Lowered, LoweringError, lower, read_network
from kernels.onnx.quantisation import CalibrationError, Options
from kernels.onnx.quantisation import quantise as quantise_model

FILE = click.Path(path_type=Path, dir_okay=False)


class Shape(click.ParamType[tuple[str, tuple[int, ...]]]):
    """An input's sizes: NAME=1,3,224,224."""

    name = "shape"

    def convert(
        self, value: object, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        """Returns name and sizes."""
        name, _, sizes = str(value).rpartition("=")
        try:
            found = tuple(int(size) for size in sizes.split(","))
        except ValueError:
            found = ()
        if not name or not found or min(found) < 1:
            self.fail(f"{value!r} is not a shape such as image=1,3,224,224", param, context)
        return name, found


@click.command()
@click.argument("path", metavar="MODEL", type=FILE)
@click.option(
    "--calibration",
    type=FILE,
    help="An .npz file with one array per input and samples along the first axis. "
    "Leave it out for a model that is already quantised (QDQ or QOperator form).",
)
@click.option("-o", "--output", type=FILE, required=True, help="Graph file to write.")
@click.option(
    "--shape", "shapes", type=Shape(), multiple=True, help="Shape of an input: NAME=1,3,224,224."
)
@click.option(
    "--percentile",
    type=click.FloatRange(50, 100, min_open=True),
    default=100.0,
    show_default=True,
    help="Percentile of the values at which a range is cut, at each end.",
)
@click.option("--symmetric", is_flag=True, help="Use 0 as the zero point of activations.")
@click.option(
    "--smoothing",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="How much of the spread between channels moves from activations to weights.",
)
@json_option
def quantise(
    *,
    path: Path,
    calibration: Path | None,
    output: Path,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    percentile: float,
    symmetric: bool,
    smoothing: float,
    as_json: bool,
) -> None:
    """Quantise an ONNX model to an exact graph and describe its inputs and outputs.

    OUTPUT.json lists the inputs and the outputs with their scales and zero points.
    """
    require_place(output)
    model = read_onnx(path)
    try:
        if calibration is None:
            lowered = lower(read_network(model, dict(shapes)))
        else:
            options = Options(percentile, symmetric, smoothing)
            lowered = quantise_model(model, read_archive(calibration), options)
    except (LoweringError, CalibrationError) as error:
        raise BadInputError(f"{path}: {error}") from error
    write_lowered(lowered, output)
    graph = lowered.graph
    document = {
        "graph": str(output),
        "multiply_adds": graph.multiply_adds,
        "operators": len(graph.descriptors),
        "spec_root": graph.spec_root.hex(),
        "inputs": [asdict(port) for port in lowered.interface.inputs],
        "outputs": [asdict(port) for port in lowered.interface.outputs],
        "unused_inputs": list(lowered.interface.unused),
    }
    answer(
        document,
        as_json,
        f"{output}: {len(graph.descriptors)} operators, {graph.multiply_adds:,} multiply-adds",
        f"spec root {graph.spec_root.hex()}",
        *unused_lines(lowered.interface.unused),
    )


def unused_lines(names: Sequence[str]) -> list[str]:
    """Returns what is told of a model's inputs that have no effect."""
    return [f"input {name!r} has no effect and is left out" for name in names]


def write_lowered(lowered: Lowered, path: Path) -> None:
    """Write the graph file and the description beside it."""
    with replace_atomically(path) as file:
        file.write(dump(lowered.graph))
    with replace_atomically(description_path(path)) as file:
        file.write(json.dumps(lowered.interface.as_json(), indent=1).encode())
