"""`neurolov bench`: the benchmarks."""

import click

from keeper.cli.registry import LazyGroup

MEMBERS = {
    "cli": "keeper.lab.commands.bench.cli:cli",
    "kernels": "keeper.lab.bench.kernel_command:bench_kernels",
    "models": "keeper.lab.commands.bench.models:models",
    "onnx": "keeper.lab.commands.bench.onnx:onnx",
    "poc": "keeper.lab.commands.bench.poc:poc",
    "programs": "keeper.lab.commands.bench.programs:programs",
    "runtime": "keeper.lab.commands.bench.runtime:runtime",
    "sharing": "keeper.lab.commands.bench.sharing:sharing",
    "tolerant": "keeper.lab.commands.bench.tolerant:tolerant",
    "transformer": "keeper.lab.bench.transformer:bench_transformer",
}


@click.group(cls=LazyGroup, members=MEMBERS)
def bench() -> None:
    """Run benchmarks."""
