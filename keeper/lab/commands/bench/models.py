"""`neurolov bench models`: real models as paid jobs."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from keeper.cli.options import answer, json_option
from keeper.lab.bench.models.catalogue import FOLDER, entries
from keeper.lab.bench.models.entry import Entry, MissingModelsError
from keeper.lab.bench.models.figures import JobClass, ModelFigures, Result
from keeper.lab.bench.models.processes import (
    EXACT_SHARE,
    SETTLED_SHARE,
    ModelResults,
    measure,
)

FAILED = 1
MEGABYTE = 1_000_000


@click.command()
@json_option
@click.option(
    "--only", default="*", show_default=True, help="Run only models whose names match this pattern."
)
@click.option(
    "--class",
    "wanted",
    type=click.Choice(["both", *map(str, JobClass)]),
    default="both",
    show_default=True,
    help="Class in which the models run.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    help="Folder of the packages that `make models` installs; by default beside the environment.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    help="Time limit of one model in one class.",
)
def models(*, as_json: bool, only: str, wanted: str, folder: Path, seconds: float) -> int:
    """Run real ONNX models as paid jobs of both classes, beside onnxruntime.

    Each model is quantised or packaged, posted on a cluster of its own, settled, and its result
    fetched and compared. Exits with 1 when too few of the files settle, or one gives a wrong
    result.
    """
    chosen = entries(only)
    if not chosen:
        raise click.BadParameter(f"no model matches {only!r}", param_hint="--only")
    _require_files(chosen, folder)
    classes = list(JobClass) if wanted == "both" else [JobClass(wanted)]
    console = Console(stderr=True)
    with Progress(console=console) as progress:
        task = progress.add_task("models", total=len(chosen) * len(classes))

        def tell(name: str, job_class: JobClass, result: Result | None) -> None:
            if result is None:
                progress.update(task, description=f"{name}, {job_class}")
                return
            progress.advance(task)
            progress.print(_line(name, job_class, result), highlight=False, soft_wrap=True)

        results = measure(chosen, classes, folder, seconds, tell)
    answer(results.as_json(), as_json, *_lines(results))
    within = not results.wrong if only != "*" or wanted != "both" else results.within
    return 0 if within else FAILED


def _require_files(chosen: list[Entry], folder: Path) -> None:
    if any(entry.shipped for entry in chosen) and not folder.is_dir():
        raise MissingModelsError(f"{folder} is missing; `make models` installs the models")


def _line(name: str, job_class: JobClass, result: Result) -> str:
    if not isinstance(result, ModelFigures):
        return f"{name:<34} {job_class:<9} {result.reason}"
    beside = "" if result.error_vs_ort_int8 is None else f", {result.error_vs_ort_int8:.2f} of int8"
    return (
        f"{name:<34} {job_class:<9} settled, {result.snr_db:.1f} dB{beside}, "
        f"{result.seconds:.3f} s, {result.vs_ort:.1f} times onnxruntime, "
        f"{result.trace_bytes / MEGABYTE:.2f} MB committed" + (", WRONG" if result.wrong else "")
    )


def _lines(results: ModelResults) -> list[str]:
    return [
        *(
            _line(name, job_class, result)
            for name, found in results.files.items()
            for job_class, result in found.items()
        ),
        *(
            f"{len(names):>3}  {reason}: {', '.join(names)}"
            for reason, names in results.obstacles()
        ),
        f"{results.settled_share:>6.0%}  of the shipped files settle, at least {SETTLED_SHARE:.0%}",
        f"{results.exact_share:>6.0%}  in the exact class, at least {EXACT_SHARE:.0%}",
        *(f"WRONG   {name}" for name in results.wrong),
    ]
