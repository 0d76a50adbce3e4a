"""Compares an exact graph with its model on samples, and judges whether it stands for it."""

from dataclasses import asdict, dataclass, replace
from itertools import islice
from math import isfinite
from typing import Any

import onnx

from kernels.onnx.exact import Lowered
from kernels.onnx.quantisation.accuracy import (
    FLOAT_DB,
    QUANTISED_DB,
    Accuracy,
    Comparison,
    Execute,
    details_of,
    gather,
    outputs_of,
)
from kernels.onnx.quantisation.errors import CalibrationError
from kernels.onnx.quantisation.origin import Origin, origin_of
from kernels.onnx.quantisation.preparation import folded, prepared
from kernels.onnx.quantisation.samples import Samples, Split
from kernels.onnx.quantisation.session import Session, exposed
from kernels.onnx.quantisation.static import static_int8

MOST_SAMPLES = 32
MOST_WORK = 1 << 32
"""Multiply-adds that a comparison spends on the exact graph; it runs one sample at least."""
ALREADY = "the model is quantised already, so the comparison is with onnxruntime running it"


@dataclass(frozen=True, slots=True)
class Report:
    """How near an exact graph is to its model, over `samples` samples.

    `origin` is where most of the error enters. `not_compared` is why there is nothing of
    onnxruntime's to compare with, or None.
    """

    outputs: tuple[Accuracy, ...]
    origin: Origin | None
    samples: int
    least_db: float
    not_compared: str | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the graph does not stand for the model: one sentence per output that is too far."""
        found = (each.fault(self.least_db) for each in self.outputs)
        return tuple(each for each in found if each is not None)

    @property
    def document(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "samples": self.samples,
            "least_snr_db": self.least_db,
            "outputs": [
                _finite(asdict(each) | {"error_vs_ort_int8": each.error_vs_ort_int8})
                for each in self.outputs
            ],
            "origin": None if self.origin is None else asdict(self.origin),
            "not_compared": self.not_compared,
            "faults": list(self.faults),
        }


def _finite(numbers: dict[str, Any]) -> dict[str, Any]:
    """Returns the numbers with None for those that JSON cannot express."""
    return {
        name: None if isinstance(each, float) and not isfinite(each) else each
        for name, each in numbers.items()
    }


def report_on_float(
    model: onnx.ModelProto, lowered: Lowered, split: Split, execute: Execute
) -> Report:
    """Compares the exact graph of a float model, and onnxruntime's int8 form of it, with the model.

    onnxruntime quantises with the calibration's samples. Raises CalibrationError where the model
    does not run.
    """
    ready = prepared(model, split.comparison.shapes)
    judge = _Judge(Session(model), Session(exposed(ready)), lowered, execute)
    try:
        other = Session(static_int8(folded(model, split.comparison.shapes), split.calibration))
    except CalibrationError as error:
        return judge.report(split.comparison, FLOAT_DB, not_compared=str(error))
    return judge.report(split.comparison, FLOAT_DB, other)


def report_on_quantised(
    model: onnx.ModelProto, lowered: Lowered, samples: Samples, execute: Execute
) -> Report:
    """Compares the exact graph of a model that is quantised already with onnxruntime's results.

    Raises CalibrationError where the model does not run.
    """
    judge = _Judge(Session(model), Session(exposed(model)), lowered, execute)
    found = judge.report(samples, QUANTISED_DB, not_compared=ALREADY)
    units = _units(lowered)
    outputs = tuple(replace(each, unit=units.get(each.name, 0.0)) for each in found.outputs)
    return replace(found, outputs=outputs)


def _units(lowered: Lowered) -> dict[str, float]:
    ports = lowered.interface.outputs
    return {port.name: port.scale for port in ports if isinstance(port.scale, float)}


@dataclass(frozen=True, slots=True)
class _Judge:
    session: Session
    inner: Session
    lowered: Lowered
    execute: Execute

    def report(
        self,
        samples: Samples,
        least_db: float,
        other: Session | None = None,
        *,
        not_compared: str | None = None,
    ) -> Report:
        """Runs as many samples as the work of a comparison allows."""
        most = max(1, min(MOST_SAMPLES, MOST_WORK // max(self.lowered.graph.multiply_adds, 1)))
        gathered, origin, count = Comparison(), None, 0
        for feeds in islice(samples.batches(), most):
            wanted = self.session.run(feeds)
            gather(gathered.exact, outputs_of(self.lowered, feeds, self.execute), wanted)
            if other is not None:
                gather(gathered.int8, other.run(feeds), wanted)
            if count == 0:
                run = details_of(self.lowered, feeds, self.execute)
                origin = origin_of(run, feeds | self.inner.run(feeds))
            count += 1
        return Report(gathered.results(), origin, count, least_db, not_compared)
