"""Writes the ONNX graph and the calibration set: `python -m kernels.models.minilm`."""

from pathlib import Path

import click
import numpy as np
import onnx

from kernels.models.minilm.export import export
from kernels.models.minilm.network import BATCH, LENGTH
from kernels.models.minilm.package import MissingModelError
from kernels.models.minilm.sentences import CALIBRATION
from kernels.models.minilm.tokens import MAX_TOKENS, feeds

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--batch", type=click.IntRange(1, len(CALIBRATION)), default=BATCH, show_default=True)
@click.option("--length", type=click.IntRange(2, MAX_TOKENS), default=LENGTH, show_default=True)
@click.option("-o", "--output", type=FILE, default=Path("minilm.onnx"), show_default=True)
def main(batch: int, length: int, output: Path) -> None:
    """Write OUTPUT for `batch` sentences of `length` tokens, and its calibration set as .npz."""
    if len(CALIBRATION) % batch:
        raise click.UsageError(
            f"{len(CALIBRATION)} sentences are not a multiple of --batch {batch}"
        )
    try:
        model, samples = export(batch, length), feeds(CALIBRATION, length)
    except MissingModelError as error:
        raise click.UsageError(str(error)) from error
    onnx.save(model, output)
    np.savez(output.with_suffix(".npz"), **samples)  # type: ignore[arg-type]
    click.echo(f"{output}, {output.with_suffix('.npz')}")


if __name__ == "__main__":
    main()
