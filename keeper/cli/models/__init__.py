"""`neurolov model`: networks in ONNX."""

import click

from keeper.cli.models.inspect import inspect
from keeper.cli.models.plan import plan
from keeper.cli.models.quantise import quantise


@click.group()
def model() -> None:
    """Models in ONNX: look at one, bring it in, run it, compare it."""


model.add_command(inspect)
model.add_command(plan)
model.add_command(quantise)

__all__ = ["model"]
