"""`neurolov bench kernels`: every kernel compared with its naive twin, NumPy and a copy."""

from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress

from keeper.cli.options import answer, json_option
from keeper.lab.bench.kernels import KernelFigures, KernelReport, Target, measure_kernels, names
from kernels.runtime import AdapterUnavailable, DeviceLimit, select_adapter

FAILED = 1


@click.command("kernels")
@json_option
@click.option("--adapter", help="Name of the adapter, or part of it; the fastest by default.")
@click.option(
    "--size",
    type=click.IntRange(min=64, max=4096),
    default=1024,
    show_default=True,
    help="Edge of matrices and length of rows; most targets apply at 1,024.",
)
@click.option(
    "--only",
    metavar="NAME,...",
    default="",
    help="Measure only these kernels, such as matmul_f32,softmax_f32.",
)
def bench_kernels(as_json: bool, adapter: str | None, size: int, only: str) -> int:
    """Compare every kernel with a naive WGSL twin, NumPy and the adapter's own copy.

    Exits with 1 when a target is missed.
    """
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := sorted(set(wanted) - set(names())):
        raise click.BadParameter(
            f"there is no kernel {unknown[0]!r}; there are {', '.join(names())}",
            param_hint="--only",
        )
    try:
        chosen = select_adapter(adapter)
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("measuring")

            def say(name: str, number: int, count: int) -> None:
                progress.update(task, description=name, completed=number, total=count)

            report = measure_kernels(chosen, size, wanted, say)
    except (AdapterUnavailable, DeviceLimit) as error:
        raise click.UsageError(str(error)) from error
    answer(_document(report), as_json, *_lines(report))
    return 0 if all(target.met for target in report.targets) else FAILED


def _document(report: KernelReport) -> dict[str, object]:
    return {
        "adapter": report.adapter,
        "size": report.size,
        "kernels": {name: _figures(each) for name, each in report.kernels.items()},
        "unsupported": dict(report.unsupported),
        "dispatch_microseconds": report.dispatch_microseconds,
        "dispatch_completed_microseconds": report.dispatch_completed_microseconds,
        "targets": [asdict(target) for target in report.targets],
    }


def _figures(each: KernelFigures) -> dict[str, float]:
    return {name: value for name, value in asdict(each).items() if value is not None}


def _lines(report: KernelReport) -> list[str]:
    return [
        f"on {report.adapter}, at {report.size}",
        f"{'':>22}  {'rate':>15}  {'vs naive':>8}  {'vs NumPy':>8}  {'vs copy':>8}",
        *(_line(name, each) for name, each in report.kernels.items()),
        *(f"{name:>22}  needs {feature}" for name, feature in report.unsupported.items()),
        f"{report.dispatch_microseconds:.1f} µs per dispatch in Python, "
        f"{report.dispatch_completed_microseconds:.1f} until it has run",
        *(_verdict(target) for target in report.targets),
    ]


def _line(name: str, each: KernelFigures) -> str:
    rate = f"{each.gflops:8.2f} GFLOPS" if each.gflops is not None else f"{each.gbps:8.2f} GB/s  "
    copy = "" if each.vs_copy is None else f"{each.vs_copy:8.2f}"
    return f"{name:>22}  {rate:>15}  {each.vs_naive:8.2f}  {each.vs_numpy:8.2f}  {copy:>8}"


def _verdict(target: Target) -> str:
    return (
        f"{'met' if target.met else 'MISSED'}: {target.name}, {target.value:.2f} of {target.bound}"
    )
