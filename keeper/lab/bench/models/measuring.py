"""What both classes are measured with: the model, its samples, and what onnxruntime makes of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Protocol, TypeVar

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
from keeper.lab.bench.models.reference import Feeds, Outputs, Reference
from keeper.node.mirror import Mirror
from kernels.onnx.quantisation import CalibrationError, Samples, Split, fit
from kernels.onnx.quantisation.preparation import folded
from kernels.onnx.quantisation.static import static_int8
from kernels.onnx.reading import bound, check_model
from kernels.trace.layout import Array

Value = TypeVar("Value")

TIMED_RUNS, TIMED_SECONDS = 5, 20.0
# A slot is so long that running, fetching and checking fit the slots that there are for them, on a
# machine where all parties share the processor.
SLOT_SHARE, SECONDS_PER_BYTE = 0.2, 4e-8
SHORTEST_SLOT, LONGEST_SLOT = 0.2, 4.0
PATIENCE = 4
PATIENCE_SLOTS = 3_000


class UnsettledError(BadInputError):
    """A job or task ended in another way than paid."""


class Posted(Protocol):
    """What a job and a task have in common here."""

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""

    @property
    def state(self) -> Enum:
        """Its state on the chain."""


async def until_ended(mirror: Mirror[Any], look: Callable[[], Posted | None], what: str) -> None:
    """Returns once what `look` finds has ended; raises UnsettledError after PATIENCE_SLOTS."""
    started = mirror.view.slot
    while True:
        found = look()
        if found is not None and found.ended:
            return
        if mirror.view.slot > started + PATIENCE_SLOTS:
            state = "unseen" if found is None else found.state.name.lower()
            raise UnsettledError(f"{what} has not ended after {PATIENCE_SLOTS} slots: {state}")
        await mirror.next_view()


@dataclass(frozen=True, slots=True)
class Subject:
    """A model with fixed shapes, and samples of its inputs.

    `feeds` is the sample that the job runs, the first of the held-out ones, and `wanted` what
    onnxruntime makes of it. `reference` runs the file as it is shipped, on `shipped_feeds`.
    """

    model: onnx.ModelProto
    split: Split
    feeds: Feeds
    wanted: Outputs
    reference: Reference
    shipped_feeds: Feeds


def subject_of(entry: Entry, folder: Path) -> Subject:
    """Returns the subject; raises BadInputError and ModelError where the file cannot be used."""
    shipped = entry.read(folder)
    reference = Reference(shipped)
    calibration = entry.samples(reference, CALIBRATION, CALIBRATION_SEED)
    held_out = entry.samples(reference, HELD_OUT, HELD_OUT_SEED)
    names = held_out[0].keys() - entry.constants.keys()
    shapes = {name: held_out[0][name].shape for name in names}
    model = check_model(bound(shipped, shapes, entry.constants))
    total = CALIBRATION + HELD_OUT
    return Subject(
        model=model,
        split=Split(_samples(model, calibration), _samples(model, held_out), HELD_OUT, total),
        feeds={name: held_out[0][name] for name in names},
        wanted=reference.run(held_out[0]),
        reference=reference,
        shipped_feeds=held_out[0],
    )


def int8_of(subject: Subject) -> Reference | None:
    """Returns onnxruntime's own int8 model, None where its tool cannot make one."""
    samples = subject.split.calibration
    try:
        return Reference(static_int8(folded(subject.model, samples.shapes), samples))
    except CalibrationError:
        return None


def _samples(model: onnx.ModelProto, feeds: Sequence[Feeds]) -> Samples:
    names = {port.name for port in model.graph.input}
    stacked: dict[str, Array] = {
        name: np.concatenate([each[name] for each in feeds]) for name in feeds[0] if name in names
    }
    return fit(model, stacked)


def timed(run: Callable[[], Value]) -> tuple[float, Value]:
    """Returns the median seconds of a run that was done once before, and its result."""
    value = run()
    found: list[float] = []
    while len(found) < TIMED_RUNS and sum(found) < TIMED_SECONDS:
        started = perf_counter()
        value = run()
        found.append(perf_counter() - started)
    return median(found), value


def patiently(settle: Callable[[int], Value], slot: int) -> Value:
    """Returns what `settle` does with slots of so many milliseconds, or with longer ones.

    Where other work on this machine makes parties miss their deadlines, the job ends unpaid, and
    another one is posted on a slower chain. Raises UnsettledError where that ends unpaid too.
    """
    try:
        return settle(slot)
    except UnsettledError:
        return settle(PATIENCE * slot)


def slot_ms(seconds: float, committed_bytes: int) -> int:
    """Returns the milliseconds of a slot at which a run of so many seconds fits its deadlines."""
    wanted = max(seconds * SLOT_SHARE, committed_bytes * SECONDS_PER_BYTE)
    return int(1000 * min(max(wanted, SHORTEST_SLOT), LONGEST_SLOT))
