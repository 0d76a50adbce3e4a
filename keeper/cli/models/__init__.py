"""`neurolov model`: networks in ONNX."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "compare": "keeper.cli.models.compare:compare",
    "import": "keeper.cli.models.importing:import_",
    "inspect": "keeper.cli.models.inspect:inspect",
    "plan": "keeper.cli.models.plan:plan",
    "quantise": "keeper.cli.models.quantise:quantise",
    "run": "keeper.cli.models.running:run",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def model() -> None:
    """Inspect, import, quantise, run and compare ONNX models."""
