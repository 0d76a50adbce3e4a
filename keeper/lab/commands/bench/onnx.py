"""`neurolov bench onnx`: the ONNX package's own tests of operators."""

from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import Progress

from keeper.cli.options import answer, json_option
from keeper.lab.bench.onnx_nodes import NodeResults, node_cases, run_nodes
from kernels.onnx.tolerant import TolerantRunner
from kernels.runtime import AdapterUnavailable

FAILED = 1
NODE_TESTS_WANTED = 1750


@click.command()
@json_option
@click.option("--adapter", help="Name of the adapter, or part of it.")
@click.option(
    "--only", default="*", show_default=True, help="Run only tests whose names match this pattern."
)
def onnx(as_json: bool, adapter: str | None, only: str) -> int:
    """Run the ONNX package's own node tests through WGSL on an adapter.

    Exits with 1 when a test fails, or when too few of all tests pass.
    """
    cases = node_cases(only)
    if not cases:
        raise click.BadParameter(f"no test matches {only!r}", param_hint="--only")
    try:
        runner = TolerantRunner(adapter)
    except AdapterUnavailable as error:
        raise click.ClickException(str(error)) from error
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("node tests", total=len(cases))
        results = run_nodes(runner, cases, lambda: progress.advance(task))
    document = asdict(results) | {"counts": _counts(results)}
    answer(document, as_json, *_node_lines(results))
    wanted = NODE_TESTS_WANTED if only == "*" else 0
    return FAILED if results.failed or len(results.passed) < wanted else 0


def _counts(results: NodeResults) -> dict[str, int]:
    return {name: len(getattr(results, name)) for name in ("passed", "failed", "unsupported")}


def _node_lines(results: NodeResults) -> list[str]:
    return [
        f"on {results.adapter}",
        *(f"{count:>6,}  {name}" for name, count in _counts(results).items()),
        f"{len(results.undispatched):>6,}  of the passed tests needed no dispatch",
        *(f"FAIL    {name}: {why}" for name, why in results.failures.items()),
        *(f"{results.reasons[why]:>6,}  {why}" for why in sorted(results.reasons)),
    ]
