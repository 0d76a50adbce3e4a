"""Lowerings, one module a family; importing them fills the table."""

from kernels.onnx.tolerant.families import (
    binary,
    creation,
    indexing,
    linear,
    movement,
    normalisation,
    pooling,
    quantisation,
    reduction,
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
    "reduction",
    "unary",
]
