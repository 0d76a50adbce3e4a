"""What both classes are measured with: the model, its samples, and what onnxruntime makes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import numpy as np
import onnx

from keeper.errors import BadInputError
from keeper.lab.bench.models.entry import (
    CALIBRATION,
    CALIBRATION_SEED,
    HELD_OUT,
    HELD_OUT_SEED,
    Entry,
)
from keeper.lab.bench.models.reference import Feeds, Outputs, Reference, difference, quantised
from kernels.onnx.reading import bound, check_model

Value = TypeVar("Value")

TIMED_RUNS, TIMED_SECONDS = 5, 20.0
# A slot is so long that running, fetching and checking fit the slots that there are for them, on a
# machine where all parties share the processor.
SLOT_SHARE, SECONDS_PER_BYTE = 0.1, 1e-8
SHORTEST_SLOT, LONGEST_SLOT = 0.1, 4.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A model with fixed shapes, and inputs that were not used for calibration.

    `wanted` is onnxruntime's float outputs of the held-out inputs. `int8` is its quantised model,
    None where its tool fails.
    """

    model: onnx.ModelProto
    calibration: Sequence[Feeds]
    held_out: Sequence[Feeds]
    wanted: Sequence[Outputs]
    reference: Reference
    int8: Reference | None

    def feeds(self, number: int = 0) -> Feeds:
        """Returns a held-out sample of the inputs that are left open."""
        names = {port.name for port in self.model.graph.input}
        return {name: array for name, array in self.held_out[number].items() if name in names}

    def error(self, found: Sequence[Outputs]) -> float:
        """Returns the error of the outputs of the first held-out inputs, in their order."""
        return difference(found, self.wanted[: len(found)])

    def int8_error(self, samples: int) -> float | None:
        """Returns the error of onnxruntime's int8 model, None where it quantises nothing."""
        if self.int8 is None:
            return None
        found = [self.int8.run(feeds) for feeds in self.held_out[:samples]]
        return self.error(found) or None


def subject_of(entry: Entry, folder: Path) -> Subject:
    """Returns the subject; raises BadInputError and ModelError where the file cannot be used."""
    shipped = entry.read(folder)
    reference = Reference(shipped)
    calibration = entry.samples(reference, CALIBRATION, CALIBRATION_SEED)
    held_out = entry.samples(reference, HELD_OUT, HELD_OUT_SEED)
    shapes = {name: array.shape for name, array in held_out[0].items()}
    open_shapes = {name: shape for name, shape in shapes.items() if name not in entry.constants}
    try:
        int8 = quantised(shipped, calibration)
    except Exception:
        # onnxruntime's tool raises whatever it meets.
        int8 = None
    return Subject(
        model=check_model(bound(shipped, open_shapes, entry.constants)),
        calibration=calibration,
        held_out=held_out,
        wanted=[reference.run(feeds) for feeds in held_out],
        reference=reference,
        int8=int8,
    )


def timed(run: Callable[[], Value]) -> tuple[float, Value]:
    """Returns the median seconds of a run that was done once before, and its result."""
    value = run()
    found: list[float] = []
    while len(found) < TIMED_RUNS and sum(found) < TIMED_SECONDS:
        started = perf_counter()
        value = run()
        found.append(perf_counter() - started)
    return median(found), value


def decibels(error: float) -> float:
    """Returns the signal-to-noise ratio of a relative error, infinite where there is none."""
    return float(-20 * np.log10(error)) if error else float("inf")


def slot_ms(seconds: float, committed_bytes: int) -> int:
    """Returns the milliseconds of a slot at which a run of so many seconds fits its deadlines."""
    wanted = max(seconds * SLOT_SHARE, committed_bytes * SECONDS_PER_BYTE)
    return int(1000 * min(max(wanted, SHORTEST_SLOT), LONGEST_SLOT))


class UnsettledError(BadInputError):
    """A job or task ended in another way than paid."""
