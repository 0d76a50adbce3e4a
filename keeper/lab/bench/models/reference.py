"""What onnxruntime computes of a model, as fast as it can."""

from collections.abc import Mapping
from statistics import median
from time import perf_counter

import onnx
import onnxruntime

from kernels.trace.layout import Array

Feeds = Mapping[str, Array]
Outputs = dict[str, Array]

THREADS = 2
QUIET = 4
TIMED_RUNS, TIMED_SECONDS = 9, 5.0


class Reference:
    """A session of onnxruntime on the CPU, with all of its rewrites."""

    def __init__(self, model: onnx.ModelProto, threads: int = THREADS) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = QUIET
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._names = [each.name for each in self._session.get_outputs()]
        self._inputs = {each.name for each in self._session.get_inputs()}

    def run(self, feeds: Feeds) -> Outputs:
        """Returns every output by name; what the model does not read is left out."""
        given = {name: array for name, array in feeds.items() if name in self._inputs}
        return dict(zip(self._names, self._session.run(self._names, given), strict=True))

    def seconds(self, feeds: Feeds) -> float:
        """Returns the median seconds of a run."""
        self.run(feeds)
        found: list[float] = []
        while len(found) < TIMED_RUNS and sum(found) < TIMED_SECONDS:
            started = perf_counter()
            self.run(feeds)
            found.append(perf_counter() - started)
        return median(found)
