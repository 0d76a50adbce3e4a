"""Lowerings, one module per family; importing them registers their operators."""

from kernels.onnx.tolerant.families import (
    binary,
    creation,
    indexing,
    linear,
    movement,
    normalisation,
    pooling,
    quantisation,
    recurrent,
    reduction,
    sampling,
    sorting,
    unary,
)

__all__ = [
    "binary",
    "creation",
    "indexing",
    "linear",
    "movement",
    "normalisation",
    "pooling",
    "quantisation",
    "recurrent",
    "reduction",
    "sampling",
    "sorting",
    "unary",
]
