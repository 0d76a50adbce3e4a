"""Float networks of the tolerant class on one adapter, beside onnxruntime."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import onnx

from keeper.lab.bench.models.reference import THREADS, Reference
from kernels.models.vision import NETWORKS, images
from kernels.onnx.tolerant import Prepared, TolerantRunner
from kernels.trace.layout import Array

# A run takes at most so many times as long as onnxruntime's float run of the same network.
MOST = 25.0
SIZE = 224

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class NetworkFigures:
    """Median seconds of a run of one image, in turns with onnxruntime's.

    first_seconds: planning, compiling and the first run. unfused: the same with a kernel for each
    operation. error: the largest difference, relative to the largest score.
    """

    seconds: float
    unfused_seconds: float
    onnxruntime_seconds: float
    first_seconds: float
    dispatches: int
    unfused_dispatches: int
    error: float

    @property
    def vs_ort(self) -> float:
        """How many times as long as onnxruntime a run takes."""
        return self.seconds / self.onnxruntime_seconds

    def as_json(self) -> dict[str, Any]:
        """Returns the figures as a JSON object."""
        return asdict(self) | {"vs_ort": self.vs_ort}


def measure_networks(
    adapter: str | None,
    rounds: int,
    progress: Progress,
    names: Sequence[str] = tuple(NETWORKS),
    size: int = SIZE,
) -> dict[str, NetworkFigures]:
    """Returns the figures of generated networks, for images of `size` pixels squared.

    onnxruntime has THREADS threads. Raises AdapterUnavailable and DeviceLost.
    """
    runners = [TolerantRunner(adapter, fusing=fusing) for fusing in (True, False)]
    found = {}
    for name in names:
        progress(name)
        found[name] = _measured(NETWORKS[name](size), images(1, size), runners, rounds)
    return found


def _measured(
    model: onnx.ModelProto, image: Array, runners: list[TolerantRunner], rounds: int
) -> NetworkFigures:
    feeds = {model.graph.input[0].name: image}
    reference = Reference(model, THREADS)
    (wanted,) = reference.run(feeds).values()
    started = perf_counter()
    prepared = [runners[0].prepare(model, {})]
    first = prepared[0].run(feeds)
    first_seconds = perf_counter() - started
    prepared.append(runners[1].prepare(model, {}))
    unfused = prepared[1].run(feeds)
    computing: list[Reference | Prepared] = [reference, *prepared]
    seconds: list[list[float]] = [[] for _ in computing]
    for _ in range(rounds):
        for each, taken in zip(computing, seconds, strict=True):
            started = perf_counter()
            each.run(feeds)
            taken.append(perf_counter() - started)
    for model_on_device in prepared:
        model_on_device.release()
    (scores,) = first.outputs.values()
    return NetworkFigures(
        seconds=median(seconds[1]),
        unfused_seconds=median(seconds[2]),
        onnxruntime_seconds=median(seconds[0]),
        first_seconds=first_seconds,
        dispatches=first.dispatches,
        unfused_dispatches=unfused.dispatches,
        error=float(np.abs(scores - wanted).max() / np.abs(wanted).max()),
    )
