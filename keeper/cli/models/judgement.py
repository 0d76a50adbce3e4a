"""Whether an exact graph stands for its model: what the user is told, and what is refused."""

from collections.abc import Iterator
from typing import Any

import click

from kernels.onnx.quantisation import Accuracy, Report, Split

REFUSED = 1

accept_option = click.option(
    "--accept", is_flag=True, help="Write the graph even if it is too far from the model."
)


def is_refused(report: Report, *, accept: bool) -> bool:
    """Returns whether nothing may be written, and tells why.

    Names the operator at which the error enters.
    """
    for fault in report.faults:
        click.echo(f"{'warning' if accept else 'error'}: {fault}", err=True)
    if report.faults and report.origin is not None:
        click.echo(report.origin.line, err=True)
    if report.faults and not accept:
        click.echo("nothing is written; --accept writes the graph as it is", err=True)
    return bool(report.faults) and not accept


def document_of(report: Report, split: Split | None) -> dict[str, Any]:
    """Returns the report as JSON values, with the numbers of held-back and of all samples."""
    held = None if split is None else {"held_back": split.held_back, "of": split.total}
    return report.document | {"split": held}


def lines_of(report: Report) -> Iterator[str]:
    """Returns one line per output."""
    for each in report.outputs:
        yield f"{each.name}: {_told(each)}, over {_count(report.samples)}"
    if report.not_compared is not None:
        yield f"not compared with onnxruntime's int8: {report.not_compared}"


def _told(each: Accuracy) -> str:
    mine = f"signal-to-noise ratio {each.snr_db:.1f} dB, error {each.error:.3g}"
    if each.ort_int8_snr_db is None:
        return mine
    times = "" if each.error_vs_ort_int8 is None else f" ({each.error_vs_ort_int8:.2f} times)"
    return (
        f"{mine}{times}; onnxruntime's int8 {each.ort_int8_snr_db:.1f} dB, "
        f"{each.ort_int8_error:.3g}"
    )


def _count(samples: int) -> str:
    return "1 sample" if samples == 1 else f"{samples} samples"


def held_back(split: Split) -> str:
    """Returns in one line which samples the comparison uses."""
    if split.kept:
        return (
            f"samples:  {split.total}, too few to hold any back: the comparison uses those of the "
            "calibration"
        )
    return (
        f"samples:  {split.total}, of which every fifth ({split.held_back}) is held back from the "
        "calibration for the comparison"
    )
