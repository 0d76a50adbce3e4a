"""The sentence transformer: exported, made exact, with the same bytes on every adapter."""

import math
import sys
from collections.abc import Callable

import numpy as np
import pytest

from kernels.graph.reference import NumpyExecutor
from kernels.models.minilm.export import export
from kernels.models.minilm.network import (
    batches,
    cosines,
    float_embeddings,
    session,
    transformer,
)
from kernels.models.minilm.package import (
    PACKAGES,
    MissingModelError,
    model_folder,
    weights,
)
from kernels.models.minilm.sentences import CALIBRATION, MEASURED
from kernels.models.minilm.tokens import encode, feeds, tokenizer
from kernels.runtime import GpuExecutor
from kernels.trace.layout import Array
from tests.kernels.models.weights import needs_weights


@pytest.mark.parametrize("missing", PACKAGES)
@pytest.mark.parametrize(
    "read",
    [
        pytest.param(model_folder, id="folder"),
        pytest.param(weights.__wrapped__, id="weights"),
        pytest.param(tokenizer.__wrapped__, id="tokenizer"),
    ],
)
def test_without_the_extra_the_error_says_how_to_get_it(
    missing: str, read: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python's own way of making a module impossible to import, installed or not.
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingModelError, match=rf"{missing}.*`make minilm`"):
        read()


def test_measured_and_calibrating_sentences_are_different() -> None:
    assert len(set(MEASURED)) == 100
    assert not set(MEASURED) & set(CALIBRATION)


@needs_weights
def test_tokens_are_cut_and_padded() -> None:
    ids, mask = encode(["hello world", "a " * 50], 8)
    assert ids[0].tolist() == [101, 7592, 2088, 102, 0, 0, 0, 0]
    assert mask[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert ids[1, 0] == 101
    assert ids[1, -1] == 102
    with pytest.raises(ValueError, match="2 to 256 tokens, not 1"):
        encode(["hello"], 1)


@needs_weights
def test_a_layer_of_the_export_is_a_layer_of_bert() -> None:
    tokens = feeds(["The lake is deep.", "No."], 8)
    found = float_embeddings(export(2, 8, layers=1), tokens)[:, 0]
    np.testing.assert_allclose(found, _by_hand(tokens), rtol=2e-4, atol=2e-4)


@needs_weights
def test_padding_does_not_change_an_embedding() -> None:
    short = feeds(["The lake is deep."], 8)
    long = feeds(["The lake is deep."], 12)
    found = (
        float_embeddings(export(1, 8, layers=1), short),
        float_embeddings(export(1, 12, layers=1), long),
    )
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-4)


@needs_weights
def test_one_exact_layer_is_near_and_equal_on_every_adapter(gpu: GpuExecutor) -> None:
    found = transformer(2, 16, layers=1)
    graph, interface = found.lowered.graph, found.lowered.interface
    tokens = feeds(MEASURED[:2], 16)
    expected = NumpyExecutor().execute(graph, interface.encode(tokens))
    outputs = gpu.execute(graph, interface.encode(tokens))
    for right, output in zip(expected, outputs, strict=True):
        np.testing.assert_array_equal(output, right)
    near = cosines(interface.decode(expected[-1]), float_embeddings(found.model, tokens))
    assert near.min() >= 0.99


@needs_weights
def test_the_whole_model_is_near_the_float_one() -> None:
    found = transformer()
    assert len(found.lowered.graph.descriptors) <= 256
    floating, near = session(found.model), []
    for tokens in batches(MEASURED[:12]):
        result = NumpyExecutor().execute(
            found.lowered.graph, found.lowered.interface.encode(tokens)
        )[-1]
        expected = np.asarray(floating.run(None, tokens)[0], np.float32)
        near.append(cosines(found.lowered.interface.decode(result), expected))
    assert np.min(near) >= 0.98


def _by_hand(tokens: dict[str, Array]) -> Array:
    """Returns one layer in float64, from the weights' own names (Devlin et al. 2018)."""
    held = {
        name: array.astype(np.float64) for name, array in weights().items() if "layer.0" in name
    }
    held |= {name: array for name, array in weights().items() if name.startswith("embeddings")}
    ids, mask = tokens["ids"], tokens["mask"].astype(np.float64)
    batch, length = ids.shape

    def dense(x: Array, name: str) -> Array:
        return np.asarray(x @ held[f"{name}.weight"].T + held[f"{name}.bias"])

    def normal(x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return np.asarray(centred / spread * held[f"{name}.weight"] + held[f"{name}.bias"])

    x = held["embeddings.word_embeddings.weight"][ids]
    x = x + held["embeddings.position_embeddings.weight"][:length]
    x = normal(x + held["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    layer = "encoder.layer.0"
    q, k, v = (
        dense(x, f"{layer}.attention.self.{part}").reshape(batch, length, 12, 32)
        for part in ("query", "key", "value")
    )
    scores = np.einsum("bihd,bjhd->bhij", q, k) / np.sqrt(32)
    scores = np.where(mask[:, None, None] > 0, scores, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    context = np.einsum("bhij,bjhd->bihd", shares, v).reshape(batch, length, 384)
    attended = dense(context, f"{layer}.attention.output.dense") + x
    middle = normal(attended, f"{layer}.attention.output.LayerNorm")
    wide = dense(middle, f"{layer}.intermediate.dense")
    erf = np.vectorize(math.erf)
    active = 0.5 * wide * (1 + erf(wide / np.sqrt(2)))
    hidden = normal(dense(active, f"{layer}.output.dense") + middle, f"{layer}.output.LayerNorm")
    return np.asarray((hidden * mask[..., None]).sum(1))
