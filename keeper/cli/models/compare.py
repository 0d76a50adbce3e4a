"""`neurolov model compare`: how far results are from onnxruntime's."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import onnx
import onnxruntime
from onnx import helper

from keeper.cli.files import times
from keeper.cli.models.files import constant_option, constant_values, read_onnx
from keeper.cli.models.quantise import Shape
from keeper.cli.models.runnable import open_runnable
from keeper.cli.models.tensors import NamedFile, read_tensors
from keeper.cli.options import ADAPTER, answer, json_option
from keeper.errors import BadInputError
from kernels.onnx.reading import OpenAxes, input_shapes
from kernels.trace.layout import Array

FILE = click.Path(path_type=Path, dir_okay=False)
DIFFERENT = 1
QUIET = 3
# Integer inputs are mostly indices; these are small enough for every table.
MAX_INDEX = 8


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one output compares with the reference, over all samples.

    `top1_agreement` is the share of rows of the last axis whose largest element is the same, None
    where an output is not a table of scores. `cosine` is the smallest of all samples.
    """

    name: str
    largest_difference: float
    largest_relative_difference: float
    cosine: float
    top1_agreement: float | None


@click.command()
@click.argument("path", metavar="MODEL", type=FILE)
@click.option(
    "--with",
    "imported",
    type=FILE,
    help="Output of `import` or `quantise` to compare; by default MODEL itself.",
)
@click.option(
    "--input", "named", type=NamedFile(), multiple=True, help="File of an input: NAME=FILE."
)
@click.option("--inputs", "archive", type=FILE, help="An .npz file with one array per input.")
@click.option("--samples", type=click.IntRange(1, 10_000), default=1, show_default=True,
              help="Number of random samples if no inputs are given.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Seed of random inputs.")
@click.option(
    "--shape", "shapes", type=Shape(), multiple=True, help="Shape of an input: NAME=1,3,224,224."
)
@click.option(
    "--limit",
    type=float,
    help="Exit with 1 if a difference exceeds this, or if an output is missing.",
)
@constant_option
@ADAPTER.option()
@json_option
def compare(
    *,
    path: Path,
    imported: Path | None,
    named: tuple[tuple[str, Path], ...],
    archive: Path | None,
    samples: int,
    seed: int,
    shapes: tuple[tuple[str, tuple[int, ...]], ...],
    constants: tuple[tuple[str, float], ...],
    limit: float | None,
    adapter: str | None,
    as_json: bool,
) -> int:
    """Compare results on an adapter with those of onnxruntime."""
    model = read_onnx(path)
    found = open_runnable(path if imported is None else imported, adapter)
    fixed = constant_values(model, constants)
    given = read_tensors(named, archive)
    every = [given] if given else list(random_inputs(model, dict(shapes), samples, seed))
    session = _session(model)
    pairs = []
    for inputs in every:
        own = {name: array for name, array in inputs.items() if name not in fixed}
        # What was imported with a constant has no such input any more.
        run = found.run(own if imported else own | fixed)
        pairs.append((run, _reference(session, own | fixed)))
    results = compare_outputs(pairs)
    missing = [name for name in pairs[0][1] if name not in pairs[0][0]]
    document = {
        "samples": len(every),
        "outputs": [asdict(each) for each in results],
        "missing": missing,
    }
    lines = [f"{name}: missing, so that nothing is compared" for name in missing]
    answer(document, as_json, *map(_line, results), *lines)
    worst = max(each.largest_difference for each in results)
    return DIFFERENT if limit is not None and (missing or not worst <= limit) else 0


def random_inputs(
    model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]], samples: int, seed: int
) -> Iterator[dict[str, Array]]:
    """Returns normal floats and small integers; BadInputError where an axis has no length."""
    generator = np.random.default_rng(seed)
    try:
        sizes = input_shapes(model, shapes)
    except OpenAxes as error:
        raise BadInputError(str(error)) from error
    ports = [port for port in model.graph.input if port.name in sizes]
    for _ in range(samples):
        yield {port.name: _random(port, sizes[port.name], generator) for port in ports}


def _random(
    port: onnx.ValueInfoProto, shape: tuple[int, ...], generator: np.random.Generator
) -> Array:
    dtype = helper.tensor_dtype_to_np_dtype(port.type.tensor_type.elem_type)
    if dtype.kind == "b":
        return generator.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return generator.integers(0, MAX_INDEX, shape).astype(dtype)
    return generator.standard_normal(shape).astype(dtype)


def compare_outputs(pairs: list[tuple[dict[str, Array], dict[str, Array]]]) -> list[Comparison]:
    """Returns a comparison of every output of both sides, over all (found, reference)."""
    names = [name for name in pairs[0][1] if name in pairs[0][0]]
    if not names:
        raise BadInputError("the two have no output of the same name")
    return [_compared(name, [(f[name], r[name]) for f, r in pairs]) for name in names]


def _compared(name: str, pairs: list[tuple[Array, Array]]) -> Comparison:
    differences, relatives, cosines, agreements = [0.0], [0.0], [], []
    for left, right in pairs:
        found, wanted = left.astype(np.float64), right.astype(np.float64)
        if found.shape != wanted.shape:
            raise BadInputError(
                f"{name}: its shape is {times(found.shape)}, onnxruntime's {times(wanted.shape)}"
            )
        gap = np.where(found == wanted, 0.0, np.abs(found - wanted))
        differences.append(float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0)))
        scale = np.maximum(np.abs(wanted), np.finfo(np.float32).tiny)
        relatives.append(float(np.nan_to_num(gap / scale, nan=np.inf).max(initial=0.0)))
        cosines.append(_cosine(found, wanted))
        if found.ndim > 1 and found.shape[-1] > 1 and found.size:
            agreements.append(np.mean(found.argmax(-1) == wanted.argmax(-1)))
    top1 = float(np.mean(agreements)) if agreements else None
    return Comparison(name, max(differences), max(relatives), min(cosines), top1)


def _cosine(found: Array, wanted: Array) -> float:
    norms = float(np.linalg.norm(found) * np.linalg.norm(wanted))
    if norms == 0:
        return 1.0 if not found.any() and not wanted.any() else 0.0
    return float(np.vdot(found, wanted) / norms)


def _session(model: onnx.ModelProto) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        # onnxruntime's exceptions share no base of their own.
        raise BadInputError(f"onnxruntime cannot load the model: {error}") from error


def _reference(session: Any, inputs: Mapping[str, Array]) -> dict[str, Array]:
    names = [each.name for each in session.get_outputs()]
    try:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))
    except Exception as error:
        raise BadInputError(f"onnxruntime cannot run the model: {error}") from error


def _line(each: Comparison) -> str:
    top1 = "" if each.top1_agreement is None else f", top-1 agreement {each.top1_agreement:.2%}"
    return (
        f"{each.name}: largest difference {each.largest_difference:.3g}, relative "
        f"{each.largest_relative_difference:.3g}, cosine {each.cosine:.6f}{top1}"
    )
