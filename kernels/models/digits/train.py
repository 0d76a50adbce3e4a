"""Trains, quantises and writes the committed graph: `python -m kernels.models.digits.train`."""

from pathlib import Path

import click

from kernels.graph import Graph, write
from kernels.graph.reference import execute
from kernels.models.digits.images import held_out
from kernels.models.digits.network import GRAPH_PATH, accuracy
from kernels.models.digits.quantisation import quantise
from kernels.models.digits.training import train


def trained_graph() -> Graph:
    """Returns the graph, made only from the script and scikit-learn's data."""
    return quantise(train())


@click.command()
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=GRAPH_PATH)
def main(output: Path) -> None:
    """Write the graph and report its accuracy on held-out digits."""
    graph = trained_graph()
    images, labels = held_out()
    score = accuracy(execute(graph, [images])[-1], labels)
    write(graph, output)
    click.echo(
        f"{output.name}: {output.stat().st_size} bytes, spec root {graph.spec_root.hex()}, "
        f"{graph.multiply_adds} multiply-adds, accuracy {score:.4f}"
    )


if __name__ == "__main__":
    main()
