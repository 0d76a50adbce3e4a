"""`neurolov model inspect`: what a model is made of, and where it can run."""

from dataclasses import asdict
from pathlib import Path

import click

from keeper.cli.models.files import read_onnx
from keeper.cli.options import answer, json_option
from kernels.onnx.reading import Port, summarise


@click.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@json_option
def inspect(path: Path, as_json: bool) -> None:
    """Inputs, outputs, operators and cost of an ONNX model."""
    model = read_onnx(path)
    summary = summarise(model)
    document = asdict(summary)
    lines = [
        *(f"input   {_port(port)}" for port in summary.inputs),
        *(f"output  {_port(port)}" for port in summary.outputs),
        *(f"opset   {domain} {version}" for domain, version in summary.opset.items()),
        *(f"{count:>7}  {name}" for name, count in summary.operators.items()),
        f"{summary.parameters:,} parameters",
        f"{summary.multiply_adds:,} multiply-adds"
        + (f", {len(summary.unknown)} nodes of unknown shape aside" if summary.unknown else ""),
    ]
    answer(document, as_json, *lines)


def _port(port: Port) -> str:
    shape = "" if port.shape is None else f" [{', '.join(str(axis) for axis in port.shape)}]"
    return f"{port.name}: {port.type}{shape}"
