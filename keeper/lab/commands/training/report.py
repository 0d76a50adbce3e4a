"""The figures of a training, as JSON and as tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from keeper.amounts import nlov
from keeper.training.plan import Performance


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step: the held-out accuracy after it, the names of its providers, and its seconds."""

    accuracy: float
    providers: tuple[str, ...]
    aggregator: str
    leaves: int
    seconds: float
    checking_seconds: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """The whole training. Rates are multiply-adds per second; `paid` is in base units, by name."""

    executor: str
    accuracy_before: float
    accuracy_after: float
    steps: tuple[StepFigures, ...]
    multiply_adds: int
    bit_exact: bool
    longer_steps: int
    longer_accuracy: float
    calibrating: int
    prediction: Performance
    jobs: int
    outcomes: Mapping[str, int]
    paid: Mapping[str, int]
    fees: int
    fallen: tuple[str, ...]
    conserved: bool

    @property
    def measured_seconds(self) -> float:
        """The mean seconds of a step, without the steps that calibrated the model."""
        later = self.steps[self.calibrating :]
        return sum(step.seconds for step in later) / len(later)

    @property
    def failures(self) -> tuple[str, ...]:
        """The expectations that failed."""
        found = []
        if not self.bit_exact:
            found.append("the weights differ from those computed here")
        if self.accuracy_after <= self.accuracy_before:
            found.append("nothing was learned")
        if not self.conserved:
            found.append("the sum of all balances changed")
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """Returns the document of `train --json`."""
        return {
            "accuracy_after": self.accuracy_after,
            "accuracy_before": self.accuracy_before,
            "balances_conserved": self.conserved,
            "bit_exact": self.bit_exact,
            "executor": self.executor,
            "failures": list(self.failures),
            "leaves_checked": sum(step.leaves for step in self.steps),
            "longer": {"accuracy": self.longer_accuracy, "steps": self.longer_steps},
            "measured": {
                "P": self.multiply_adds / self.measured_seconds,
                "step_seconds": self.measured_seconds,
                "steps": len(self.steps) - self.calibrating,
            },
            "multiply_adds_a_step": self.multiply_adds,
            "predicted": self.prediction.as_json()
            | {"step_seconds": self.prediction.seconds(self.multiply_adds)},
            "settlements": {
                "fallen": list(self.fallen),
                "fees": self.fees,
                "jobs": self.jobs,
                "outcomes": dict(self.outcomes),
                "paid": dict(self.paid),
            },
            "steps": [
                {
                    "accuracy": step.accuracy,
                    "aggregator": step.aggregator,
                    "checking_seconds": step.checking_seconds,
                    "leaves": step.leaves,
                    "providers": list(step.providers),
                    "seconds": step.seconds,
                }
                for step in self.steps
            ],
        }


def print_report(report: TrainingReport, console: Console) -> None:
    """Print the report as tables."""
    console.print(_steps(report))
    console.print(_model(report))
    console.print(_money(report))
    console.print(
        f"the same weights computed here: {'yes' if report.bit_exact else 'NO'}; "
        f"{report.longer_steps} steps computed here reach {report.longer_accuracy:.2%}"
    )
    for fallen in report.fallen:
        console.print(f"repeated after {fallen}", highlight=False)
    for failure in report.failures:
        console.print(f"[red]failed: {failure}[/red]")


def _steps(report: TrainingReport) -> Table:
    table = Table(
        title=f"{report.accuracy_before:.2%} of the held-out examples right before training"
    )
    for column in ("step", "after it", "gradients by", "sum by", "leaves", "seconds"):
        table.add_column(column)
    for number, step in enumerate(report.steps):
        table.add_row(
            str(number),
            f"{step.accuracy:.2%}",
            ", ".join(step.providers),
            step.aggregator,
            str(step.leaves),
            f"{step.seconds:.2f}",
        )
    return table


def _model(report: TrainingReport) -> Table:
    calibrated = f"from the first {report.calibrating} of {len(report.steps)} steps"
    table = Table(title=f"P = (N·G·E) / (1 + L/C), {calibrated}")
    table.add_column("")
    for column in ("predicted", "measured"):
        table.add_column(column, justify="right")
    model, work, measured = report.prediction, report.multiply_adds, report.measured_seconds
    table.add_row("N, nodes", str(model.nodes), "")
    table.add_row("G, multiply-adds per second", f"{model.throughput:,.0f}", "")
    table.add_row("E", f"{model.efficiency:.3f}", "")
    table.add_row("C, seconds", f"{model.computation:.5f}", "")
    table.add_row("L, seconds", f"{model.communication:.3f}", "")
    table.add_row("seconds per step", f"{model.seconds(work):.3f}", f"{measured:.3f}")
    table.add_row("P, multiply-adds per second", f"{model.rate:,.0f}", f"{work / measured:,.0f}")
    return table


def _money(report: TrainingReport) -> Table:
    ended = ", ".join(f"{count} {name}" for name, count in report.outcomes.items())
    table = Table(title=f"{report.jobs} jobs settled: {ended}")
    table.add_column("paid to")
    table.add_column("NLOV", justify="right")
    for name, amount in sorted(report.paid.items()):
        table.add_row(name, nlov(amount))
    table.add_row("fees", nlov(report.fees))
    return table
