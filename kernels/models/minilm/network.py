"""The transformer, in float and exact form, for a batch of sentences of one length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from kernels.models.minilm.export import HIDDEN, IDS, LAYERS, export
from kernels.models.minilm.sentences import CALIBRATION
from kernels.models.minilm.tokens import feeds
from kernels.onnx.exact import Lowered
from kernels.onnx.quantisation import quantise
from kernels.trace.layout import Array

BATCH = 4
LENGTH = 32

Embeddings = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Transformer:
    """The ONNX graph, and the exact graph calibrated on 24 sentences."""

    model: onnx.ModelProto
    lowered: Lowered


@cache
def transformer(batch: int = BATCH, length: int = LENGTH, layers: int = LAYERS) -> Transformer:
    """Returns the transformer for `batch` sentences, where `batch` divides 24.

    Raises MissingModelError without the extra.
    """
    model = export(batch, length, layers)
    return Transformer(model, quantise(model, feeds(CALIBRATION, length)))


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """Returns an onnxruntime session of the float model on the CPU."""
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def float_embeddings(model: onnx.ModelProto, tokens: Mapping[str, Array]) -> Embeddings:
    """Returns the embeddings that onnxruntime computes, float32 [B, 1, 384]."""
    return np.asarray(session(model).run(None, dict(tokens))[0], np.float32)


def cosines(a: Embeddings, b: Embeddings) -> npt.NDArray[np.float64]:
    """Returns the cosine of each pair of embeddings [..., 384], float64 [N]."""
    first = a.reshape(-1, HIDDEN).astype(np.float64)
    second = b.reshape(-1, HIDDEN).astype(np.float64)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.asarray((first * second).sum(axis=1) / lengths)


def batches(
    sentences: Sequence[str], batch: int = BATCH, length: int = LENGTH
) -> Iterator[dict[str, Array]]:
    """Yields the tokens of `batch` sentences at a time."""
    tokens = feeds(sentences, length)
    for start in range(0, len(tokens[IDS]), batch):
        yield {name: array[start : start + batch] for name, array in tokens.items()}
