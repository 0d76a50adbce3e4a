"""Executors that cheat: each spoils an honest run in one way."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import numpy as np

from kernels.graph import Graph
from kernels.graph.reference import Executor
from kernels.trace.layout import Array


class Cheat(StrEnum):
    """What a cheat commits to: one flipped value, an output of other inputs, a tensor of zeros."""

    FLIP = "flip"
    STALE = "stale"
    ZERO = "zero"


class CheatingExecutor:
    """Runs a graph honestly, then spoils the trace."""

    def __init__(self, executor: Executor, cheat: Cheat) -> None:
        self._executor = executor
        self._cheat = cheat

    def execute(self, graph: Graph, inputs: Sequence[Array]) -> list[Array]:
        """Returns every operator's output, one of them wrong."""
        outputs = self._executor.execute(graph, inputs)
        return _SPOIL[self._cheat](self._executor, graph, inputs, outputs)


def _flip(_: Executor, __: Graph, ___: Sequence[Array], outputs: list[Array]) -> list[Array]:
    last = outputs[-1].copy()
    last.reshape(-1)[0] ^= 1
    return [*outputs[:-1], last]


def _stale(
    executor: Executor, graph: Graph, inputs: Sequence[Array], outputs: list[Array]
) -> list[Array]:
    earlier = executor.execute(graph, [np.flip(array, axis=0).copy() for array in inputs])
    return [*outputs[:-1], earlier[-1]]


def _zero(_: Executor, __: Graph, ___: Sequence[Array], outputs: list[Array]) -> list[Array]:
    middle = len(outputs) // 2
    return [*outputs[:middle], np.zeros_like(outputs[middle]), *outputs[middle + 1 :]]


_SPOIL: Mapping[Cheat, Callable[[Executor, Graph, Sequence[Array], list[Array]], list[Array]]] = {
    Cheat.FLIP: _flip,
    Cheat.STALE: _stale,
    Cheat.ZERO: _zero,
}
