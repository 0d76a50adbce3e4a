"""Writes a model and its calibration set: `python -m kernels.models.vision mobilenet`."""

from pathlib import Path

import click
import numpy as np
import onnx

from kernels.models.vision import NETWORKS, images

# Five halvings leave at least one position.
MIN_SIZE = 32


@click.command()
@click.argument("network", type=click.Choice(sorted(NETWORKS)))
@click.option("--size", type=click.IntRange(MIN_SIZE), default=224, show_default=True)
@click.option("--classes", type=click.IntRange(2), default=1000, show_default=True)
@click.option("--samples", type=click.IntRange(1), default=8, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))
def main(
    *, network: str, size: int, classes: int, samples: int, seed: int, output: Path | None
) -> None:
    """Write the ONNX file of NETWORK for images of SIZE by SIZE, and calibration images as .npz."""
    path = output or Path(f"{network}.onnx")
    onnx.save(NETWORKS[network](size, classes, seed), path)
    np.savez(path.with_suffix(".npz"), image=images(samples, size, seed))
    click.echo(f"{path}, {path.with_suffix('.npz')}")


if __name__ == "__main__":
    main()
