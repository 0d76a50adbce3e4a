"""Draws the four panels as PNG or SVG. Imported by whoever draws: it loads matplotlib."""

from pathlib import Path
from typing import Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keeper.lab.simulation.destination import check_destination
from keeper.lab.simulation.economics import SimulationInputError
from keeper.lab.simulation.sweeps import Sample, Sweep

_LABELS: Final = {
    "p": "sampling floor p",
    "k": "verifiers of a draw, k",
    "kappa": "stake over price, κ",
    "r": "colluding share of verifiers, r",
}
_SERIES: Final = (
    ("deployed", "o", "tab:blue", "this deployment"),
    ("worst", "s", "tab:orange", "worst split, bond and fee"),
    ("unattended", "x", "tab:red", "… and a buyer that never demands answers"),
)


def draw_sweeps(sweeps: tuple[Sweep, ...], title: str, path: Path) -> None:
    """Writes the picture; equal sweeps give equal bytes. Raises SimulationInputError."""
    check_destination(path)
    with rc_context({"svg.hashsalt": "neurolov"}):
        figure = Figure(figsize=(12, 9), layout="constrained")
        figure.suptitle(title)
        for axes, sweep in zip(figure.subplots(2, 2).flat, sweeps, strict=True):
            _draw(axes, sweep)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
        # The date and the library's version would make every picture a different file.
        unset = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        try:
            figure.savefig(path, dpi=120, metadata=unset)
        except OSError as error:
            raise SimulationInputError(f"{path} cannot be written: {error.strerror}") from error


def _draw(axes: Axes, sweep: Sweep) -> None:
    values = [sample.value for sample in sweep.samples]
    bounds = [sample.economics.bound for sample in sweep.samples]
    axes.plot(values, bounds, "k--", label="on-chain bound: 1 − p(1−r)(1−l)(1+βκ)")
    for name, marker, color, label in _SERIES:
        estimates = [getattr(sample, name) for sample in sweep.samples]
        below = [each.profit - each.low for each in estimates]
        above = [each.high - each.profit for each in estimates]
        axes.errorbar(
            values,
            [each.profit for each in estimates],
            yerr=(below, above),
            fmt=marker + ":",
            color=color,
            label=label,
            capsize=3,
            markersize=5,
        )
    axes.axhline(0, color="gray", linewidth=1)
    if sweep.threshold is not None:
        axes.axvline(sweep.threshold, color="green", label="bound = 1")
    _shade(axes, sweep.samples, sweep.threshold)
    if sweep.parameter == "k":
        axes.set_xticks(values)
    axes.set_xlabel(_LABELS[sweep.parameter])
    axes.set_ylabel("profit of cheating / price")
    axes.set_ylim(max(-4.0, axes.get_ylim()[0]), 1.15)


def _shade(axes: Axes, samples: tuple[Sample, ...], threshold: float | None) -> None:
    """Shades in green where the programs accept the parameters."""
    left, right = samples[0], samples[-1]
    begin, end = left.value, right.value
    if threshold is not None:
        begin, end = (begin, threshold) if left.economics.accepted else (threshold, end)
    elif not left.economics.accepted:
        return
    axes.axvspan(begin, end, color="green", alpha=0.08, label="accepted by the programs")
