"""`neurolov model`: networks in ONNX."""

import click

from keeper.cli.models.inspect import inspect
from keeper.cli.models.plan import plan


@click.group()
def model() -> None:
    """Models in ONNX: look at one, bring it in, run it, compare it."""


model.add_command(inspect)
model.add_command(plan)

__all__ = ["model"]
