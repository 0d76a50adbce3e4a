"""What onnxruntime computes of a model: in float, and quantised to int8 by its own tool."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from kernels.trace.layout import Array

Feeds = Mapping[str, Array]
Outputs = dict[str, Array]

THREADS = 2
QUIET = 3
TIMED_RUNS, TIMED_SECONDS = 9, 5.0
# Below this opset a weight cannot have one scale per channel.
CHANNELS_OPSET = 13


class Reference:
    """A session of onnxruntime on the CPU."""

    def __init__(self, model: onnx.ModelProto, threads: int = THREADS) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = QUIET
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._names = [each.name for each in self._session.get_outputs()]

    def run(self, feeds: Feeds) -> Outputs:
        """Returns every output by name."""
        return dict(zip(self._names, self._session.run(self._names, dict(feeds)), strict=True))

    def seconds(self, feeds: Feeds) -> float:
        """Returns the median seconds of a run."""
        self.run(feeds)
        found: list[float] = []
        while len(found) < TIMED_RUNS and sum(found) < TIMED_SECONDS:
            started = perf_counter()
            self.run(feeds)
            found.append(perf_counter() - started)
        return median(found)


def quantised(model: onnx.ModelProto, samples: Sequence[Feeds]) -> Reference:
    """Returns onnxruntime's static int8 quantisation of a model, calibrated on samples.

    Raises what its tool raises, which shares no base.
    """
    opsets = {each.domain: each.version for each in model.opset_import}
    with tempfile.TemporaryDirectory(prefix="neurolov-") as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, source)
        quantize_static(
            source,
            target,
            _Samples(samples),
            quant_format=QuantFormat.QDQ,
            per_channel=opsets.get("", opsets.get("ai.onnx", 0)) >= CHANNELS_OPSET,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
        )
        return Reference(onnx.load(target))


class _Samples(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, samples: Sequence[Feeds]) -> None:
        self._left = list(samples)

    def get_next(self) -> Any:
        return dict(self._left.pop(0)) if self._left else None


def difference(found: Sequence[Outputs], wanted: Sequence[Outputs]) -> float:
    """Returns how far outputs are from those wanted, over all samples, in the worst output.

    It is the root mean square of the differences over that of the values. An output that is missing
    or of another shape is infinitely far.
    """
    return max(_error(name, found, wanted) for name in wanted[0])


def _error(name: str, found: Sequence[Outputs], wanted: Sequence[Outputs]) -> float:
    noise = signal = 0.0
    for one, other in zip(found, wanted, strict=True):
        right = other[name].astype(np.float64)
        left = one.get(name)
        if left is None or left.shape != right.shape or not np.isfinite(left).all():
            return float("inf")
        noise += float(np.square(left.astype(np.float64) - right).sum())
        signal += float(np.square(right).sum())
    if not noise:
        return 0.0
    return float(np.sqrt(noise / signal)) if signal else float("inf")
