"""`neurolov model inspect`: what a model consists of, and in which class it can run."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
import onnx

from keeper.cli.models.files import read_onnx
from keeper.cli.options import answer, json_option
from kernels.onnx.exact import LoweringError, lower, read_network
from kernels.onnx.reading import Port, summarise
from kernels.onnx.tolerant import is_known


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def inspect(path: Path, as_json: bool) -> None:
    """Show the inputs, outputs, operators and cost of an ONNX model."""
    model = read_onnx(path)
    summary = summarise(model)
    why = {"exact": _exact(model), "tolerant": _tolerant(summary.operators)}
    document = asdict(summary) | {"obstacles": why}
    lines = [
        *(f"input   {_port(port)}" for port in summary.inputs),
        *(f"output  {_port(port)}" for port in summary.outputs),
        *(f"opset   {domain} {version}" for domain, version in summary.opset.items()),
        *(f"{count:>7}  {name}" for name, count in summary.operators.items()),
        f"{summary.parameters:,} parameters",
        f"{summary.multiply_adds:,} multiply-adds"
        + (f", {len(summary.unknown)} nodes of unknown shape aside" if summary.unknown else ""),
        *(f"{name}: {told or 'yes'}" for name, told in why.items()),
    ]
    answer(document, as_json, *lines)


def _exact(model: onnx.ModelProto) -> str | None:
    """Returns what keeps a model from the exact class, None when nothing does."""
    open_axes = {
        port.name: tuple(axis if isinstance(axis, int) else 1 for axis in port.shape or ())
        for port in summarise(model).inputs
    }
    try:
        lower(read_network(model, open_axes))
    except LoweringError as error:
        return str(error)
    return None


def _tolerant(operators: Iterable[str]) -> str | None:
    """Returns the operators that neither have a lowering nor are defined by others."""
    missing = [name for name in operators if not is_known(name)]
    return f"no lowering of {', '.join(missing)}" if missing else None


def _port(port: Port) -> str:
    axes = ["?" if axis is None else str(axis) for axis in port.shape or ()]
    shape = "" if port.shape is None else f" [{', '.join(axes)}]"
    return f"{port.name}: {port.type}{shape}"
