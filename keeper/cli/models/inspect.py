"""`neurolov model inspect`: what a model consists of, and in which class it can run."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import onnx

from keeper.cli.models.files import constant_option, read_onnx
from keeper.cli.models.quantise import Shape
from keeper.cli.options import answer, json_option
from keeper.errors import BadInputError
from kernels.onnx.quantisation import CalibrationError
from kernels.onnx.quantisation.preparation import folded
from kernels.onnx.reading import ModelError, OpenAxes, Port, Summary, bound, input_shapes, summarise
from kernels.onnx.survey import Obstacle, Survey, survey_exact, survey_tolerant

Shapes = Mapping[str, tuple[int, ...]]

NEEDS = {True: "with `neurolov model quantise` and samples of its inputs", False: "as it is"}
NO_CLASS = "none"


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--shape", "shapes", type=Shape(), multiple=True, help="Shape of an input: NAME=1,3,224,224."
)
@constant_option
@json_option
def inspect(
    *,
    path: Path,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    constants: tuple[tuple[str, float], ...],
    as_json: bool,
) -> None:
    """Show what an ONNX model consists of, what it costs, and the class of jobs it can run in.

    Names every node that keeps it out of a class. A first axis that is open counts as 1 unless
    --shape says otherwise; other open axes need --shape.
    """
    model = read_onnx(path, constants)
    sizes, unknown = _sizes(model, dict(shapes))
    summary = summarise(model) if sizes is None else _counted(model, sizes)
    if sizes is None:
        surveys = dict.fromkeys(("exact", "tolerant"), Survey(False, unknown))
    else:
        surveys = {
            "exact": survey_exact(model, sizes),
            "tolerant": survey_tolerant(model, sizes),
        }
    chosen = next((name for name, found in surveys.items() if found.possible), None)
    given = dict(shapes)
    assumed = {
        port.name: list(sizes[port.name])
        for port in summary.inputs
        if sizes and port.name in sizes and port.name not in given and not _is_fixed(port)
    }
    document = asdict(summary) | {
        "class": None if sizes is None else chosen or NO_CLASS,
        "assumed_shapes": assumed,
        "classes": {name: asdict(found) for name, found in surveys.items()},
    }
    lines = [
        *(f"input   {_port(port)}" for port in summary.inputs),
        *(f"output  {_port(port)}" for port in summary.outputs),
        *(f"opset   {domain} {version}" for domain, version in summary.opset.items()),
        *(f"{count:>7}  {name}" for name, count in summary.operators.items()),
        f"{summary.parameters:,} parameters",
        f"{summary.multiply_adds:,} multiply-adds{_aside(summary)}",
        *(f"assumed {name}: {_axes(shape)}" for name, shape in assumed.items()),
        f"class   {_class(surveys, chosen, unknown)}",
        *(line for name, found in surveys.items() for line in _told(name, found)),
    ]
    answer(document, as_json, *lines)


def _sizes(model: onnx.ModelProto, given: Shapes) -> tuple[Shapes | None, str | None]:
    """Returns the shape of every input; None, and what must be given, where axes stay open."""
    first = {
        port.name: (1, *port.shape[1:])
        for port in summarise(model).inputs
        if port.shape and not isinstance(port.shape[0], int) and port.name not in given
    }
    closed = {
        name: tuple(axis for axis in shape if isinstance(axis, int))
        for name, shape in first.items()
        if all(isinstance(axis, int) for axis in shape)
    }
    try:
        return input_shapes(model, {**closed, **given}), None
    except OpenAxes as error:
        if given:
            raise BadInputError(str(error)) from error
        return None, str(error)


def _counted(model: onnx.ModelProto, sizes: Shapes) -> Summary:
    """Returns the summary with the multiply-adds of these shapes."""
    found = summarise(model)
    try:
        counted = summarise(bound(model, sizes))
        if counted.unknown:
            counted = summarise(folded(model, sizes))
    except (ModelError, CalibrationError):
        return found
    return replace(found, multiply_adds=counted.multiply_adds, unknown=counted.unknown)


def _class(surveys: Mapping[str, Survey], chosen: str | None, unknown: str | None) -> str:
    if unknown is not None:
        return f"unknown: {unknown}"
    if chosen is None:
        return NO_CLASS
    need = NEEDS[surveys[chosen].calibrated]
    return f"{chosen}, {need}" if chosen == "exact" else chosen


def _told(name: str, found: Survey) -> list[str]:
    if found.possible:
        more = (
            "; the command refuses a graph that is too far from the model"
            if found.calibrated
            else ""
        )
        return [f"{name}: yes{more}"]
    return [f"{name}: {found.reason}", *(f"  {_obstacle(each)}" for each in found.obstacles)]


def _obstacle(each: Obstacle) -> str:
    shape = "" if each.shape is None else f" {_axes(each.shape)}"
    return f"{each.operator} {each.node!r}{shape}: {each.why}"


def _aside(summary: Summary) -> str:
    if not summary.unknown:
        return ""
    nodes = "1 node" if len(summary.unknown) == 1 else f"{len(summary.unknown)} nodes"
    return f", {nodes} of unknown cost aside"


def _is_fixed(port: Port) -> bool:
    return port.shape is not None and all(isinstance(axis, int) for axis in port.shape)


def _port(port: Port) -> str:
    return f"{port.name}: {port.type}" + ("" if port.shape is None else f" {_axes(port.shape)}")


def _axes(shape: Any) -> str:
    return f"[{', '.join('?' if axis is None else str(axis) for axis in shape)}]"
