"""`neurolov model`: networks in ONNX."""

import click

from keeper.cli.models.compare import compare
from keeper.cli.models.importing import import_
from keeper.cli.models.inspect import inspect
from keeper.cli.models.plan import plan
from keeper.cli.models.quantise import quantise
from keeper.cli.models.running import run


@click.group()
def model() -> None:
    """Inspect, import, quantise, run and compare ONNX models."""


for command in (compare, import_, inspect, plan, quantise, run):
    model.add_command(command)

__all__ = ["model"]
