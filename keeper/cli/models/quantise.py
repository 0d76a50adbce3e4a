"""`neurolov model quantise`: from a float model and sample inputs to an exact graph."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import onnx

from keeper.cli.files import read_archive
from keeper.cli.models.cost import told_cost, url_option
from keeper.cli.models.files import constant_option, read_onnx
from keeper.cli.models.judgement import (
    REFUSED,
    accept_option,
    document_of,
    held_back,
    is_refused,
    lines_of,
)
from keeper.cli.models.places import description_path
from keeper.cli.options import answer, json_option, tell
from keeper.cli.outputs import require_place
from keeper.errors import BadInputError
from keeper.files import replace_atomically
from kernels.graph.file import dump
from kernels.graph.reference import execute
from kernels.onnx.exact import (
    InterfaceError,
    Lowered,
    LoweringError,
    lower,
    read_network,
)
from kernels.onnx.quantisation import (
    CalibrationError,
    Options,
    Report,
    Split,
    draft,
    drawn,
    fit,
    has_scales,
    report_on_float,
    report_on_quantised,
    split,
)
from kernels.onnx.quantisation import quantise as quantise_model
from kernels.trace.layout import Array

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
    help="Percentile of the values at which a range is cut, at each end; 100 cuts it where 8 bits "
    "have the least error.",
)
@click.option("--extremes", is_flag=True, help="Cut no range; cover every value that was seen.")
@click.option("--symmetric", is_flag=True, help="Use 0 as the zero point of activations.")
@click.option(
    "--smoothing",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="How much of the spread between channels moves from activations to weights.",
)
@accept_option
@url_option
@constant_option
@json_option
def quantise(
    *,
    path: Path,
    calibration: Path | None,
    output: Path,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    constants: tuple[tuple[str, float], ...],
    percentile: float,
    extremes: bool,
    symmetric: bool,
    smoothing: float,
    accept: bool,
    url: str | None,
    as_json: bool,
) -> int:
    """Quantise an ONNX model to an exact graph and describe its inputs and outputs.

    Shows what a job will cost, then compares the graph with the model on samples that it was not
    calibrated on, beside onnxruntime's own int8. Where its error is more than twice as large, or
    the signal-to-noise ratio below 10 dB (20 dB for a model that is quantised already), nothing is
    written and the exit status is 1.

    OUTPUT.json lists the inputs and the outputs with their scales and zero points.
    """
    require_place(output)
    model = read_onnx(path, constants)
    arrays = None if calibration is None else read_archive(calibration)
    sizes = dict(shapes)
    options = Options(percentile, symmetric, smoothing, extremes)
    try:
        if arrays is None or _has_exact_form(model, sizes):
            made = of_quantised(model, arrays, sizes, url)
        else:
            made = _of_float(model, arrays, sizes, options, url)
    except (LoweringError, CalibrationError, InterfaceError) as error:
        raise BadInputError(f"{path}: {error}") from error
    interface = made.lowered.interface
    document = {
        "graph": str(output),
        "inputs": [asdict(port) for port in interface.inputs],
        "outputs": [asdict(port) for port in interface.outputs],
    }
    return deliver(made, output, document, accept=accept, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Made:
    """An exact graph that is not written yet: how near it is to its model, and what a job costs."""

    lowered: Lowered
    report: Report
    cost: Mapping[str, Any]
    split: Split | None = None


def of_quantised(
    model: onnx.ModelProto,
    arrays: Mapping[str, Array] | None,
    shapes: Mapping[str, tuple[int, ...]],
    url: str | None,
) -> Made:
    """Returns the exact graph of a model that is quantised already.

    It is compared with onnxruntime on the arrays, or on random numbers without any. Raises
    LoweringError, CalibrationError and ChainError.
    """
    lowered = lower(read_network(model, shapes))
    cost = told_cost(lowered.graph, url)
    if arrays is None:
        samples = drawn(lowered.interface)
        tell(f"samples:  {samples.count} of random numbers, as no calibration set is given")
    else:
        samples = fit(model, arrays, shapes)
    return Made(lowered, report_on_quantised(model, lowered, samples, execute), cost)


def _of_float(
    model: onnx.ModelProto,
    arrays: Mapping[str, Array],
    shapes: Mapping[str, tuple[int, ...]],
    options: Options,
    url: str | None,
) -> Made:
    samples = fit(model, arrays, shapes)
    parts = split(samples)
    cost = told_cost(draft(model, samples.shapes), url)
    tell(held_back(parts))
    lowered = quantise_model(model, parts.calibration, options)
    return Made(lowered, report_on_float(model, lowered, parts, execute), cost, parts)


def _has_exact_form(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Returns whether a model's own scales are all that an exact graph needs."""
    try:
        lower(read_network(model, shapes))
    except LoweringError:
        return False
    return has_scales(model)


def deliver(
    made: Made, output: Path, document: Mapping[str, Any], *, accept: bool, as_json: bool
) -> int:
    """Writes a graph that is near enough, or accepted, and answers; returns the exit status.

    `document` holds what the answer says besides the graph, its cost and its accuracy.
    """
    refused = is_refused(made.report, accept=accept)
    graph = made.lowered.graph
    if not refused:
        write_lowered(made.lowered, output)
    told = {
        "multiply_adds": graph.multiply_adds,
        "operators": len(graph.descriptors),
        "spec_root": graph.spec_root.hex(),
        "cost": made.cost,
        "accuracy": document_of(made.report, made.split),
        "refused": refused,
        "unused_inputs": list(made.lowered.interface.unused),
    }
    written = (
        f"{output}: exact, {len(graph.descriptors)} operators, {graph.multiply_adds:,} "
        "multiply-adds",
        f"spec root {graph.spec_root.hex()}",
        *unused_lines(made.lowered.interface.unused),
    )
    answer({**document, **told}, as_json, *lines_of(made.report), *(() if refused else written))
    return REFUSED if refused else 0


def unused_lines(names: Sequence[str]) -> list[str]:
    """Returns what is told of a model's inputs that have no effect."""
    return [f"input {name!r} has no effect and is left out" for name in names]


def write_lowered(lowered: Lowered, path: Path) -> None:
    """Write the graph file and the description beside it."""
    with replace_atomically(path) as file:
        file.write(dump(lowered.graph))
    with replace_atomically(description_path(path)) as file:
        file.write(json.dumps(lowered.interface.as_json(), indent=1).encode())
