"""`neurolov model import`: turn an ONNX model into an exact graph or a kernel package."""

import json
from pathlib import Path

import click
import numpy as np
import onnx

from keeper.cli.files import read_archive
from keeper.cli.models.cost import url_option
from keeper.cli.models.files import constant_option, read_onnx
from keeper.cli.models.judgement import accept_option
from keeper.cli.models.places import description_path, weights_path
from keeper.cli.models.quantise import Shape, deliver, of_quantised, unused_lines
from keeper.cli.options import answer, json_option
from keeper.cli.outputs import require_place
from keeper.errors import BadInputError
from keeper.files import replace_atomically
from kernels.custom import PackageError
from kernels.custom.element import Tolerance
from kernels.onnx.exact import InterfaceError, LoweringError
from kernels.onnx.quantisation import CalibrationError
from kernels.onnx.tolerant import BadInput, UnsupportedOperator
from kernels.onnx.tolerant.packaging import package

FILE = click.Path(path_type=Path, dir_okay=False)
Shapes = dict[str, tuple[int, ...]]


@click.command("import")
@click.argument("path", metavar="MODEL", type=FILE)
@click.option("-o", "--output", type=FILE, required=True, help="Graph or package file to write.")
@click.option(
    "--class",
    "wanted",
    type=click.Choice(["auto", "exact", "tolerant"]),
    default="auto",
    show_default=True,
    help="`auto` picks exact if the model has an exact form, as quantised models do.",
)
@click.option(
    "--shape", "shapes", type=Shape(), multiple=True, help="Shape of an input: NAME=1,3,224,224."
)
@click.option(
    "--absolute", default=1e-4, show_default=True, help="Absolute tolerance of a package."
)
@click.option(
    "--relative", default=1e-3, show_default=True, help="Relative tolerance of a package."
)
@click.option(
    "--inputs",
    "archive",
    type=FILE,
    help="An .npz file with samples of every input to compare the results on; random by default.",
)
@accept_option
@url_option
@constant_option
@json_option
def import_(
    *,
    path: Path,
    output: Path,
    wanted: str,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    constants: tuple[tuple[str, float], ...],
    absolute: float,
    relative: float,
    archive: Path | None,
    accept: bool,
    url: str | None,
    as_json: bool,
) -> int:
    """Turn an ONNX model into an exact graph file or a tolerant kernel package.

    An exact graph is compared with onnxruntime running the model. Where the signal-to-noise ratio
    is below 20 dB, nothing is written and the exit status is 1.

    OUTPUT.json describes how tensors are encoded. A package's weights are job inputs; they are
    written to OUTPUT.weights-N.npy.
    """
    require_place(output)
    model, why = read_onnx(path, constants), None
    arrays = None if archive is None else read_archive(archive)
    if wanted != "tolerant":
        try:
            made = of_quantised(model, arrays, dict(shapes), url)
            document = {"class": "exact", "output": str(output)}
            return deliver(made, output, document, accept=accept, as_json=as_json)
        except LoweringError as error:
            if wanted == "exact":
                raise BadInputError(f"{path} has no exact form: {error}") from error
            why = str(error)
        except (CalibrationError, InterfaceError) as error:
            raise BadInputError(f"{path}: {error}") from error
    try:
        _tolerant(model, output, dict(shapes), (absolute, relative), (as_json, why))
    except (BadInput, UnsupportedOperator, PackageError) as error:
        raise BadInputError(f"{path}: {error}") from error
    return 0


def _tolerant(
    model: onnx.ModelProto,
    output: Path,
    shapes: Shapes,
    bounds: tuple[float, float],
    told: tuple[bool, str | None],
) -> None:
    found = package(model, "model", shapes, Tolerance.rounded(*bounds, 0))
    for number, lanes in enumerate(found.weights):
        with replace_atomically(weights_path(output, number)) as file:
            np.save(file, lanes)
    with replace_atomically(description_path(output)) as file:
        file.write(json.dumps(found.as_json(), indent=1).encode())
    with replace_atomically(output) as file:
        file.write(found.package.canonical)
    as_json, why = told
    document = {
        "class": "tolerant",
        "output": str(output),
        "digest": found.package.digest.hex(),
        "stages": len(found.package.stages),
        "device_bytes": found.package.device_bytes,
        "inputs": [port.name for port in found.inputs],
        "outputs": [port.name for port in found.outputs],
        "unused_inputs": list(found.unused),
        "weights": [str(weights_path(output, at)) for at in range(len(found.weights))],
        "not_exact": why,
    }
    answer(
        document,
        as_json,
        f"{output}: tolerant, {len(found.package.stages)} stages",
        f"digest {found.package.digest.hex()}",
        *unused_lines(found.unused),
        *([f"not exact: {why}"] if why else []),
    )
