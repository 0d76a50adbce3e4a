"""`neurolov model plan`: how several nodes would share a graph, and how fast they would be."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from keeper.cli.files import read_graph
from keeper.cli.options import answer, json_option
from keeper.training.measurement import operator_works, seconds_alone_and_together
from keeper.training.plan import (
    Cluster,
    Link,
    Node,
    Performance,
    PlanError,
    Stage,
    plan_columns,
    plan_examples,
    plan_pipeline,
)
from keeper.training.plan.execution import interval, measured_link, run_pipeline
from kernels.graph import Graph
from kernels.graph.reference import NumpyExecutor
from kernels.trace.layout import Array

MEMORY = 1 << 33
MEASURED_NODES = 2
BATCHES = 8
SEED = 1
LETTERS = "NGELCP"


class Nodes(click.ParamType[tuple[Node, ...]]):
    """Comma-separated throughputs, each optionally with memory: 5e9,2e9/8e9."""

    name = "nodes"

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[Node, ...]:
        """Returns nodes, named by their place in the list."""
        if isinstance(value, tuple):
            return value
        nodes = []
        for number, text in enumerate(str(value).split(",")):
            throughput, _, memory = text.partition("/")
            try:
                nodes.append(
                    Node(f"node {number}", float(throughput), int(float(memory or MEMORY)))
                )
            except (ValueError, OverflowError):
                self.fail(f"{text!r} is not a node such as 5e9 or 5e9/8e9", param, context)
        return tuple(nodes)


@dataclass(frozen=True, slots=True)
class Measured:
    """Multiply-adds per second of one node, and of a pipeline of several, in this process.

    The pipeline is cut by the measured time of each operator, not by its multiply-adds.
    """

    alone: float
    pipeline: float
    predicted: Performance
    stages: tuple[Stage, ...]

    def as_json(self) -> dict[str, Any]:
        """Returns the measurement beside the prediction."""
        return {
            "alone": self.alone,
            "pipeline": self.pipeline,
            "predicted": self.predicted.as_json(),
            "predicted_speedup": self.predicted.rate / self.alone,
            "speedup": self.pipeline / self.alone,
            "stages": [asdict(stage) for stage in self.stages],
        }


@click.command()
@click.argument("path", metavar="GRAPH", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--nodes",
    type=Nodes(),
    help="Multiply-adds per second of each node, optionally with bytes of memory: 5e9,2e9/8e9.",
)
@click.option("--bandwidth", default=1.25e8, show_default=True, help="Bytes per second of a link.")
@click.option("--latency", default=1e-3, show_default=True, help="Latency of a link in seconds.")
@click.option(
    "--measure",
    is_flag=True,
    help=f"Plan for {MEASURED_NODES} nodes like this machine, and run that pipeline here.",
)
@json_option
def plan(
    *,
    path: Path,
    nodes: tuple[Node, ...] | None,
    bandwidth: float,
    latency: float,
    measure: bool,
    as_json: bool,
) -> None:
    """Show data, model and pipeline parallel plans of a graph.

    The performance model is P = (N·G·E) / (1 + L/C).
    """
    if measure == (nodes is not None):
        raise click.UsageError("give either --nodes or --measure")
    graph = read_graph(path)
    measured = None
    if nodes is not None:
        cluster = Cluster(nodes, Link(bandwidth, latency))
    else:
        cluster, measured = _measure(graph)
    plans = _plans(graph, cluster)
    if all("refused" in each for each in plans.values()):
        raise PlanError("; ".join(dict.fromkeys(each["refused"] for each in plans.values())))
    document = {
        "link": asdict(cluster.link),
        "measured": None if measured is None else measured.as_json(),
        "multiply_adds": graph.multiply_adds,
        "nodes": [asdict(node) for node in cluster.nodes],
        "operators": len(graph.descriptors),
        "plans": plans,
    }
    if as_json:
        answer(document, as_json)
    else:
        _print(document, Console())


def _plans(graph: Graph, cluster: Cluster) -> dict[str, dict[str, Any]]:
    def examples() -> dict[str, Any]:
        found = plan_examples(graph, cluster)
        return {"examples": list(found.shares)} | _predicted(graph, found.performance)

    def columns() -> dict[str, Any]:
        found = plan_columns(graph, cluster)
        held = [None if each is None else list(each) for each in found.columns]
        return {"columns": held} | _predicted(graph, found.performance)

    def pipeline() -> dict[str, Any]:
        found = plan_pipeline(graph, cluster)
        stages = [asdict(stage) for stage in found.stages]
        return {"stages": stages, "cut_bytes": found.cut_bytes} | _predicted(
            graph, found.performance
        )

    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "data": examples,
        "model": columns,
        "pipeline": pipeline,
    }
    plans = {}
    for name, way in ways.items():
        try:
            plans[name] = way()
        except PlanError as error:
            plans[name] = {"refused": str(error)}
    return plans


def _predicted(graph: Graph, performance: Performance) -> dict[str, Any]:
    return {
        "predicted": performance.as_json(),
        "seconds": performance.seconds(graph.multiply_adds),
    }


def _measure(graph: Graph) -> tuple[Cluster, Measured]:
    executors = [NumpyExecutor() for _ in range(MEASURED_NODES)]
    inputs = _inputs(graph)
    alone, together = seconds_alone_and_together(executors, graph, inputs)
    throughput = graph.multiply_adds / alone
    nodes = tuple(Node(f"node {number}", throughput, MEMORY) for number in range(MEASURED_NODES))
    cluster = Cluster(nodes, measured_link())
    found = plan_pipeline(graph, cluster, operator_works(executors[0], graph, inputs))
    _, times = run_pipeline(graph, found.stages, executors[: len(found.stages)], [inputs] * BATCHES)
    kept = min(1.0, alone / together) if len(found.stages) > 1 else 1.0
    return cluster, Measured(
        alone=throughput,
        pipeline=graph.multiply_adds / interval(times),
        predicted=found.performance.slowed(kept),
        stages=found.stages,
    )


def _inputs(graph: Graph) -> list[Array]:
    rng = np.random.default_rng(SEED)
    return [
        rng.integers(spec.dtype.low, spec.dtype.high, spec.shape, spec.dtype.numpy, endpoint=True)
        for spec in graph.inputs
    ]


def _print(document: dict[str, Any], console: Console) -> None:
    title = f"{document['operators']} operators, {document['multiply_adds']:,} multiply-adds"
    table = Table(title=title)
    for column in ("plan", *LETTERS, "seconds"):
        table.add_column(column, justify="left" if column == "plan" else "right")
    for name, found in document["plans"].items():
        if "refused" not in found:
            values = [found["predicted"][letter] for letter in LETTERS]
            table.add_row(name, *(f"{value:.4g}" for value in (*values, found["seconds"])))
    console.print(table)
    for name, found in document["plans"].items():
        console.print(f"{name}: {found.get('refused') or _split(found)}", highlight=False)
    if (measured := document["measured"]) is not None:
        cut = ", ".join(f"{stage['first']}..{stage['last'] - 1}" for stage in measured["stages"])
        console.print(
            f"here, cut by measured times ({cut}), against one node: "
            f"predicted {measured['predicted_speedup']:.2f} times as fast, "
            f"measured {measured['speedup']:.2f} times",
            highlight=False,
        )


def _split(found: dict[str, Any]) -> str:
    if "examples" in found:
        return f"examples {found['examples']}"
    if "columns" in found:
        split = [at for at, columns in enumerate(found["columns"]) if columns is not None]
        return f"operators {split} by columns"
    stages = [f"{stage['first']}..{stage['last'] - 1}" for stage in found["stages"]]
    return f"operators {', '.join(stages)}; {found['cut_bytes']:,} bytes"
