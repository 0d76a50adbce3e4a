"""The figures of the demonstration, as JSON and as tables."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from keeper.amounts import NLOV
from keeper.lab.market.balances import Balances


@dataclass(frozen=True, slots=True)
class CheckFigures:
    """One verifier's check."""

    verifier: str
    macs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ProofFigures:
    """The element that was proven wrong, and the slashed amounts in base units."""

    challenger: str
    operator: int
    element: int
    expected: int
    committed: int
    slashed: int
    burned: int
    bounty: int

    @property
    def to_buyer(self) -> int:
        """The buyer's part of the slashed stake."""
        return self.slashed - self.burned - self.bounty


@dataclass(frozen=True, slots=True)
class DemoReport:
    """All figures of a demonstration. Amounts are in base units; stakes are by owner."""

    story: str
    executor: str
    on_gpu: bool
    verdict: str
    proof: ProofFigures | None
    accuracy: float
    measure: str
    wanted: float
    bit_exact: bool
    macs: int
    execution_seconds: float
    checks: tuple[CheckFigures, ...]
    slots: int
    before: Balances
    after: Balances
    staked_before: Mapping[str, int]
    staked_after: Mapping[str, int]
    burned: int
    conserved: bool
    failures: tuple[str, ...]

    @property
    def verify_ratio_macs(self) -> float:
        """Multiply-adds of the most expensive check over those of the execution."""
        return max((check.macs for check in self.checks), default=0) / self.macs

    @property
    def verify_ratio_seconds(self) -> float:
        """Returns the median check's seconds over those of execution and commitment."""
        if not self.checks:
            return 0.0
        return median(check.seconds for check in self.checks) / self.execution_seconds

    def as_json(self) -> dict[str, Any]:
        """Returns the document of `demo --json`."""
        return {
            "accuracy": self.accuracy,
            "balances": {
                name: {
                    "before": amount,
                    "after": self.after.named.get(name, 0),
                    "staked_before": self.staked_before.get(name, 0),
                    "staked_after": self.staked_after.get(name, 0),
                }
                for name, amount in self.before.named.items()
            },
            "balances_conserved": self.conserved,
            "bit_exact": self.bit_exact,
            "burned": self.burned,
            "execution_macs": self.macs,
            "execution_seconds": self.execution_seconds,
            "executor": self.executor,
            "failures": list(self.failures),
            "measure": self.measure,
            "on_gpu": self.on_gpu,
            "proof": None if self.proof is None else asdict(self.proof),
            "slots": self.slots,
            "story": self.story,
            "supply": {"before": self.before.supply, "after": self.after.supply},
            "verdict": self.verdict,
            "verify_ratio_macs": self.verify_ratio_macs,
            "verify_ratio_seconds": self.verify_ratio_seconds,
        }


def print_report(report: DemoReport, console: Console) -> None:
    """Print the report as tables."""
    facts = Table(title=f"The job: {report.story}", show_header=False)
    facts.add_row("verdict", report.verdict)
    if report.proof is not None:
        _add_proof(facts, report.proof)
    facts.add_row(report.measure, f"{report.accuracy:.2%}")
    facts.add_row("executor", report.executor)
    facts.add_row("every output bit-equal to NumPy", _yes(report.bit_exact))
    facts.add_row("execution", f"{report.macs:,} multiply-adds, {report.execution_seconds:.3f} s")
    for check in report.checks:
        share = check.macs / report.macs
        time = check.seconds / report.execution_seconds
        facts.add_row(
            f"check by {check.verifier}",
            f"{check.macs:,} multiply-adds ({share:.2%}), {check.seconds:.3f} s ({time:.0%})",
        )
    facts.add_row("slots from posting to the end", str(report.slots))
    console.print(facts)
    console.print(_balance_table(report))
    console.print(_stake_table(report))
    for failure in report.failures:
        console.print(f"[red]failed: {failure}[/red]")


def _add_proof(facts: Table, proof: ProofFigures) -> None:
    facts.add_row(
        "proven",
        f"element {proof.element} of operator {proof.operator} is {proof.committed}, "
        f"must be {proof.expected}",
    )
    facts.add_row("slashed of the provider's stake", _nlov(proof.slashed))
    facts.add_row("of which burned", _nlov(proof.burned))
    facts.add_row(f"of which bounty of {proof.challenger}", _nlov(proof.bounty))
    facts.add_row("of which refunded to the buyer", _nlov(proof.to_buyer))


def _balance_table(report: DemoReport) -> Table:
    table = _amounts("$NLOV per account, and burned")
    for name, amount in report.before.named.items():
        _add_change(table, name, amount, report.after.named.get(name, 0))
    _add_change(table, "burned", 0, report.burned)
    table.add_section()
    table.add_row(
        "sum",
        _nlov(report.before.total),
        _nlov(report.after.total + report.burned),
        "conserved" if report.conserved else "NOT CONSERVED",
    )
    return table


def _stake_table(report: DemoReport) -> Table:
    table = _amounts("$NLOV staked, per owner")
    for name, amount in report.staked_before.items():
        _add_change(table, name, amount, report.staked_after.get(name, 0))
    return table


def _amounts(title: str) -> Table:
    table = Table(title=title)
    table.add_column("account", no_wrap=True)
    for column in ("before", "after", "change"):
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _add_change(table: Table, name: str, before: int, after: int) -> None:
    change = _nlov(after - before, signed=True) if after != before else ""
    table.add_row(name, _nlov(before), _nlov(after), change)


def _nlov(amount: int, signed: bool = False) -> str:
    sign = "-" if amount < 0 else "+" if signed else ""
    return f"{sign}{abs(amount) // NLOV:,}.{abs(amount) % NLOV:09d}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
