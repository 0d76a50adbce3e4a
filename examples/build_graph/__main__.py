"""Writes the graph and the input that the examples post as a job.

    python -m examples.build_graph FOLDER

FOLDER receives `layer.graph`, the graph's canonical file, and `input.bin`, the canonical bytes of
its one input.
"""

import sys
from pathlib import Path

import numpy as np

from kernels.graph import Graph, GraphBuilder
from kernels.graph.file import write
from kernels.trace import pack

ROWS, INNER, COLUMNS = 64, 256, 256


def layer() -> Graph:
    """Returns one layer of a quantised network: a product, rounded to int8, then ReLU."""
    weights = np.random.default_rng(1).integers(-128, 128, (COLUMNS, INNER), np.int8)
    build = GraphBuilder()
    rows = build.input((ROWS, INNER))
    product = build.matmul(rows, weights)
    # The product is multiplied by 1_500_000_000 / 2^43 and rounded, which brings it into int8.
    build.relu(build.requantise(product, 1_500_000_000, 43))
    return build.build()


def main() -> None:
    """Writes both files."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(layer(), folder / "layer.graph")
    rows = np.random.default_rng(2).integers(-128, 128, (ROWS, INNER), np.int8)
    (folder / "input.bin").write_bytes(pack(rows).tobytes())
    print(f"{folder / 'layer.graph'} and {folder / 'input.bin'} written")


if __name__ == "__main__":
    main()
