"""Builds the ONNX graph of the transformer from its weights (Devlin et al. 2018, BERT)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kernels.models.minilm.package import weights
from kernels.trace.layout import Array

OPSET = 20
IR_VERSION = 10
LAYERS = 6
HIDDEN = 384
HEADS = 12
HEAD = HIDDEN // HEADS
EPSILON = 1e-12
MASKED = 10_000.0

IDS, MASK, EMBEDDING = "ids", "mask", "embedding"


class _Draft:
    """Nodes and initialisers of a graph under construction; methods return their output's name."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.tensors = tensors
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: dict[str, onnx.TensorProto] = {}

    def node(self, kind: str, output: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, array: Array) -> str:
        self.initialisers.setdefault(
            name, numpy_helper.from_array(np.array(array, order="C"), name)
        )
        return name

    def shape(self, *sizes: int) -> str:
        name = "shape_" + "_".join(str(size) for size in sizes)
        return self.constant(name, np.array(sizes, np.int64))

    def dense(self, output: str, x: str, source: str) -> str:
        weight = self.constant(f"{source}.weight", self.tensors[f"{source}.weight"].T)
        bias = self.constant(f"{source}.bias", self.tensors[f"{source}.bias"])
        return self.node("Add", output, self.node("MatMul", f"{output}.product", x, weight), bias)

    def normalise(self, output: str, x: str, source: str) -> str:
        gamma = self.constant(f"{source}.weight", self.tensors[f"{source}.weight"])
        beta = self.constant(f"{source}.bias", self.tensors[f"{source}.bias"])
        return self.node("LayerNormalization", output, x, gamma, beta, axis=-1, epsilon=EPSILON)


def export(batch: int, length: int, layers: int = LAYERS) -> onnx.ModelProto:
    """Returns the model for `batch` sentences of `length` tokens.

    With `layers` it has only the first layers.
    """
    draft = _Draft(weights())
    mask = draft.node("Reshape", "mask.row", MASK, draft.shape(batch, 1, 1, length))
    absent = draft.node(
        "Sub", "mask.absent", mask, draft.constant("one", np.array(1.0, np.float32))
    )
    hidden = _embed(draft, length)
    forbidden = draft.node(
        "Mul", "mask.scores", absent, draft.constant("far", np.array(MASKED, np.float32))
    )
    for number in range(layers):
        hidden = _layer(draft, number, hidden, forbidden, (batch, length))
    row = draft.node("Reshape", "pooling.row", MASK, draft.shape(batch, 1, length))
    draft.node("MatMul", EMBEDDING, row, hidden)
    graph = helper.make_graph(
        draft.nodes,
        "all-MiniLM-L6-v2",
        [
            helper.make_tensor_value_info(IDS, TensorProto.INT64, [batch, length]),
            helper.make_tensor_value_info(MASK, TensorProto.FLOAT, [batch, length]),
        ],
        [helper.make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, [batch, 1, HIDDEN])],
        list(draft.initialisers.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def _embed(draft: _Draft, length: int) -> str:
    prefix = "embeddings"
    words = draft.constant("words", draft.tensors[f"{prefix}.word_embeddings.weight"])
    places = draft.tensors[f"{prefix}.position_embeddings.weight"][:length]
    kinds = draft.tensors[f"{prefix}.token_type_embeddings.weight"][0]
    added = draft.constant("places", (places + kinds)[np.newaxis])
    gathered = draft.node("Gather", "embeddings.words", words, IDS, axis=0)
    total = draft.node("Add", "embeddings.sum", gathered, added)
    return draft.normalise("embeddings.normal", total, f"{prefix}.LayerNorm")


def _layer(draft: _Draft, number: int, hidden: str, forbidden: str, sizes: tuple[int, int]) -> str:
    batch, length = sizes
    source, name = f"encoder.layer.{number}", f"layer{number}"
    query, key, value = (
        _heads(draft, f"{name}.{part}", hidden, f"{source}.attention.self.{part}", sizes)
        for part in ("query", "key", "value")
    )
    turned = draft.node("Transpose", f"{name}.turned", key, perm=[0, 1, 3, 2])
    products = draft.node("MatMul", f"{name}.products", query, turned)
    factor = draft.constant("factor", np.array(HEAD**-0.5, np.float32))
    scores = draft.node("Mul", f"{name}.scores", products, factor)
    masked = draft.node("Add", f"{name}.masked", scores, forbidden)
    shares = draft.node("Softmax", f"{name}.shares", masked, axis=-1)
    context = draft.node("MatMul", f"{name}.context", shares, value)
    merged = draft.node("Transpose", f"{name}.merged", context, perm=[0, 2, 1, 3])
    flat = draft.node("Reshape", f"{name}.flat", merged, draft.shape(batch, length, HIDDEN))
    attended = draft.dense(f"{name}.attended", flat, f"{source}.attention.output.dense")
    residual = draft.node("Add", f"{name}.residual", attended, hidden)
    middle = draft.normalise(f"{name}.middle", residual, f"{source}.attention.output.LayerNorm")
    wide = draft.dense(f"{name}.wide", middle, f"{source}.intermediate.dense")
    active = draft.node("Gelu", f"{name}.active", wide)
    narrow = draft.dense(f"{name}.narrow", active, f"{source}.output.dense")
    total = draft.node("Add", f"{name}.total", narrow, middle)
    return draft.normalise(f"{name}.hidden", total, f"{source}.output.LayerNorm")


def _heads(draft: _Draft, name: str, hidden: str, source: str, sizes: tuple[int, int]) -> str:
    dense = draft.dense(name, hidden, source)
    parts = draft.node("Reshape", f"{name}.parts", dense, draft.shape(*sizes, HEADS, HEAD))
    return draft.node("Transpose", f"{name}.heads", parts, perm=[0, 2, 1, 3])
