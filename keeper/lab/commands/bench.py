"""`neurolov bench`: the benchmarks."""

from dataclasses import asdict
from itertools import pairwise

import click
from rich.console import Console
from rich.progress import Progress

from keeper.cli.options import answer, json_option
from keeper.compute.executor import AdapterMissingError
from keeper.lab.bench.baseline import MORE, Baseline, baseline
from keeper.lab.bench.kernel_command import bench_kernels
from keeper.lab.bench.onnx_nodes import NodeResults, node_cases, run_nodes
from keeper.lab.bench.proof import ProofFigures, measure_proof
from keeper.lab.bench.runtime import RuntimeFigures, measure_runtime
from keeper.lab.bench.scenario import Figures, run_scenario
from keeper.lab.bench.sharing import Scenario, measure_sharing
from keeper.lab.bench.transformer import bench_transformer
from keeper.lab.bench.units import Measured, Span
from kernels.onnx.tolerant import TolerantRunner
from kernels.runtime import AdapterUnavailable, select_adapter

CALLING_LIMIT = 40_000
PLAIN_LIMIT = 10_000
LIFECYCLE_LIMIT = 130_000
BALLOT_LIMIT = 20_000
JUDGING = ("verdict.answer_element", "verdict.prove_fraud")
FAILED = 1
CHECK_LIMIT = 0.10
REFEREE_LIMITS = {"1024": 60_000, "4096": 120_000}
TRANSACTION_LIMIT = 12
COMMIT_OVERHEAD_LIMIT = 0.05
GPU_OVERHEAD_LIMIT = 0.25
FAIRNESS_LIMIT = 0.95
NODE_TESTS_WANTED = 250
DISPATCH_LIMIT_SECONDS = 20e-6


@click.group()
def bench() -> None:
    """Run benchmarks."""


bench.add_command(bench_transformer)
bench.add_command(bench_kernels)


@bench.command()
@json_option
def programs(as_json: bool) -> int:
    """Measure the compute units of instructions, of a job and of a ballot.

    Earlier figures are shown beside them. Exits with 1 when a limit is exceeded.
    """
    figures, before = run_scenario(), baseline()
    lifecycle, ballot = sum(figures.lifecycle.values()), sum(figures.ballot.values())
    document = {
        "instructions": {name: each.units for name, each in figures.instructions.items()},
        "cheapest": {name: span.least for name, span in figures.spans.items()},
        "changes": {name: before.change(name, span) for name, span in figures.spans.items()},
        "before": {
            "instructions": {name: span.most for name, span in before.instructions.items()},
            "cheapest": {name: span.least for name, span in before.instructions.items()},
            "lifecycle": before.lifecycle,
            "ballot": before.ballot,
        },
        "lifecycle": lifecycle,
        "lifecycle_parts": figures.lifecycle,
        "ballot": ballot,
        "ballot_parts": figures.ballot,
        "limits": {
            "calling": CALLING_LIMIT,
            "plain": PLAIN_LIMIT,
            "lifecycle": LIFECYCLE_LIMIT,
            "ballot": BALLOT_LIMIT,
            "more": dict(MORE),
        },
    }
    answer(document, as_json, *_lines(figures, lifecycle, ballot))
    within = not any(map(_excess, figures.instructions.values())) and not any(
        before.excess(name, span) for name, span in figures.spans.items()
    )
    return 0 if within and lifecycle <= LIFECYCLE_LIMIT and ballot <= BALLOT_LIMIT else FAILED


@bench.command()
@json_option
@click.option(
    "--size",
    type=click.IntRange(min=64, max=2048),
    default=2048,
    show_default=True,
    help="Edge of the network's matrices; the double is measured too.",
)
@click.option(
    "--corruptions",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Number of corrupted outputs to check.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Number of runs; figures are their medians.",
)
def poc(as_json: bool, size: int, corruptions: int, runs: int) -> int:
    """Measure the cost of committing, verifying and disputing, and what a check catches.

    Exits with 1 when a target is missed.
    """
    with Console(stderr=True).status("measuring") as status:
        figures = measure_proof(size, corruptions, runs, status.update)
    answer(asdict(figures), as_json, *_proof_lines(figures))
    caught = figures.detection["caught"] == figures.detection["corruptions"]
    by_size = list(figures.freivalds_ratio_by_size.values())
    falling = all(after < before for before, after in pairwise(by_size))
    within = all(value <= limit for _, value, limit in _ratios(figures))
    proven = figures.dispute_transactions <= TRANSACTION_LIMIT and all(
        figures.referee_cu[terms] <= limit for terms, limit in REFEREE_LIMITS.items()
    )
    return 0 if caught and falling and within and proven else FAILED


@bench.command()
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


@bench.command()
@json_option
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1, max=60.0),
    default=1.0,
    show_default=True,
    help="Device seconds per tenant.",
)
def sharing(as_json: bool, seconds: float) -> int:
    """Measure how evenly concurrent jobs of different sizes share one adapter.

    Exits with 1 when Jain's index of device seconds over weights is below 0.95.
    """
    with Console(stderr=True).status("measuring"):
        figures = measure_sharing(seconds)
    lines = [
        f"on {figures.adapter}",
        *_scenario_lines("two tenants", figures.two),
        *_scenario_lines("four tenants", figures.four),
        *_scenario_lines("two tenants, weights 3 and 1", figures.unequal_weights),
    ]
    answer(asdict(figures), as_json, *lines)
    return 0 if figures.fairness >= FAIRNESS_LIMIT else FAILED


@bench.command()
@json_option
@click.option("--adapter", help="Name of the adapter, or part of it.")
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Number of runs; figures are their medians.",
)
def runtime(as_json: bool, adapter: str | None, runs: int) -> int:
    """Measure the cost of a dispatch and what fusing and overlapping save.

    Exits with 1 when a dispatch takes Python more than 20 microseconds.
    """
    try:
        found = select_adapter(adapter)
    except AdapterUnavailable as error:
        raise AdapterMissingError(str(error)) from error
    with Console(stderr=True).status("measuring") as status:
        figures = measure_runtime(found, runs, status.update)
    document = asdict(figures)
    for name, fusion in figures.fusion.items():
        document["fusion"][name]["speedup"] = fusion.speedup
    answer(document, as_json, *_runtime_lines(figures))
    return 0 if figures.dispatch_seconds <= DISPATCH_LIMIT_SECONDS else FAILED


def _runtime_lines(figures: RuntimeFigures) -> list[str]:
    return [
        f"on {figures.adapter}",
        f"{figures.dispatch_seconds * 1e6:>8.1f}  µs per dispatch in Python, "
        f"at most {DISPATCH_LIMIT_SECONDS * 1e6:.0f}; "
        f"{figures.dispatch_completed_seconds * 1e6:.1f} until it has run",
        *(
            f"{each.fused_seconds * 1e3:>8.1f}  ms {name} in {each.dispatches} dispatches, "
            f"{each.unfused_seconds * 1e3:.1f} in {each.operators}"
            for name, each in figures.fusion.items()
        ),
        f"{figures.overlapped_seconds * 1e3:>8.1f}  ms per run of digits overlapped with the next, "
        f"{figures.alone_seconds * 1e3:.1f} alone",
    ]


def _scenario_lines(name: str, scenario: Scenario) -> list[str]:
    return [
        f"{scenario.fairness:>8.4f}  fairness of {name}, at least {FAIRNESS_LIMIT}",
        *(
            f"{each.device_seconds:>8.3f}  s of device time, {each.jobs} jobs of "
            f"{each.job_macs:,} multiply-adds"
            for each in scenario.tenants
        ),
    ]


def _ratios(figures: ProofFigures) -> list[tuple[str, float, float]]:
    overhead_limit = GPU_OVERHEAD_LIMIT if figures.on_gpu else COMMIT_OVERHEAD_LIMIT
    return [
        ("checking the matmuls / computing them", figures.freivalds_ratio, CHECK_LIMIT),
        ("verifying / executing", figures.verify_ratio, CHECK_LIMIT),
        ("hashing the trace / executing", figures.commit_overhead, overhead_limit),
    ]


def _proof_lines(figures: ProofFigures) -> list[str]:
    found = figures.detection
    return [
        f"on {figures.adapter}",
        *(f"{value:>8.4f}  {name}, at most {limit}" for name, value, limit in _ratios(figures)),
        *(
            f"{ratio:>8.4f}  the same at size {size}, must fall with size"
            for size, ratio in figures.freivalds_ratio_by_size.items()
        ),
        f"{found['caught']:>8,}  corruptions caught of {found['corruptions']:,}",
        *(
            f"{figures.referee_cu[terms]:>8,}  units to prove a product of {terms} terms wrong, "
            f"at most {limit:,}"
            for terms, limit in REFEREE_LIMITS.items()
        ),
        f"{figures.dispute_transactions:>8,}  transactions per dispute over the larger product, "
        f"at most {TRANSACTION_LIMIT}",
    ]


def _excess(each: Measured) -> int:
    """Returns the units above the limit.

    The higher limit applies to instructions that call other programs, as creating an account does,
    and to those in which the referee judges.
    """
    dear = each.calls or each.name in JUDGING
    return max(0, each.units - (CALLING_LIMIT if dear else PLAIN_LIMIT))


def _lines(figures: Figures, lifecycle: int, ballot: int) -> list[str]:
    before = baseline()
    return [
        "  dearest    before  cheapest    before  change",
        *(_line(each, figures.spans[name], before) for name, each in figures.instructions.items()),
        f"{lifecycle:>9,} {before.lifecycle:>9,}  a job without ballots, of {LIFECYCLE_LIMIT:,}",
        f"{ballot:>9,} {before.ballot:>9,}  a ballot cast and revealed, of {BALLOT_LIMIT:,}",
    ]


def _line(each: Measured, span: Span, before: Baseline) -> str:
    known, change = before.instructions.get(each.name), before.change(each.name, span)
    columns = [
        f"{each.units:>9,}",
        f"{known.most:>9,}" if known else f"{'-':>9}",
        f"{span.least:>9,}",
        f"{known.least:>9,}" if known else f"{'-':>9}",
        f"{'-':>7}" if change is None else f"{change:>+7,}",
        f" {each.name}",
    ]
    over = max(_excess(each), before.excess(each.name, span))
    return " ".join(columns) + (f"  ({over:,} over its limit)" if over else "")
