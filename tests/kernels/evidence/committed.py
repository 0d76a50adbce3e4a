"""Traces that lie about chosen elements, padding included; later operators read the lie."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from kernels.evidence import Place, Witness, leaf_space, place_of
from kernels.graph import Graph, TensorSpec
from kernels.graph.reference import evaluate, operands
from kernels.trace import pack
from kernels.trace.layout import Array

Lies = Mapping[int, Collection[int]]


def value_at(array: Array, place: Place | None) -> int:
    """Returns an element of a tensor; 0 in padding."""
    if place is None:
        return 0
    return int(array.reshape(-1, array.shape[-1])[place.row, place.column])


def leaves(spec: TensorSpec, array: Array) -> Array:
    """Returns every element of the leaf space, padding included."""
    space = np.zeros(leaf_space(spec), spec.dtype.numpy)
    stored = pack(array).view(spec.dtype.numpy)
    space[: stored.size] = stored
    return space


class Committed:
    """A provider's commitment, and `honest`, each operator's true output for what was committed.

    A lie flips the lowest bit of an element; later operators read what was committed.
    """

    def __init__(
        self,
        graph: Graph,
        inputs: Sequence[Array],
        stages: Sequence[tuple[int, int]],
        lies: Lies | None = None,
    ) -> None:
        self.graph = graph
        self.honest: list[Array] = []
        arrays: list[Array] = []
        stored: list[bytes] = []
        for index, (descriptor, spec) in enumerate(
            zip(graph.descriptors, graph.outputs, strict=True)
        ):
            honest = evaluate(descriptor, operands(graph, index, inputs, arrays))
            lying = honest.copy()
            space = leaves(spec, honest)
            for element in (lies or {}).get(index, ()):
                space[element] ^= 1
                place = place_of(spec, element)
                if place is not None:
                    lying.reshape(-1, spec.shape[3])[place.row, place.column] ^= 1
            self.honest.append(honest)
            arrays.append(lying)
            stored.append(space.tobytes())
        self.outputs = stored
        self.witness = Witness(graph, inputs, stored, stages)

    def expected(self, operator: int, element: int) -> int:
        """Returns what the element must be."""
        place = place_of(self.graph.outputs[operator], element)
        return value_at(self.honest[operator], place)

    def committed(self, operator: int, element: int) -> int:
        """Returns what was committed as the element."""
        dtype = self.graph.outputs[operator].dtype.numpy
        return int(np.frombuffer(self.outputs[operator], dtype)[element])

    def wrong(self, operator: int) -> list[int]:
        """Every element, padding included, that was committed as something else than it must be."""
        spec = self.graph.outputs[operator]
        committed = np.frombuffer(self.outputs[operator], spec.dtype.numpy)
        return np.flatnonzero(committed != leaves(spec, self.honest[operator])).tolist()


def positions(spec: TensorSpec) -> dict[str, int]:
    """Returns the first, middle and last element, and one per kind of padding in the tensor."""
    elements = [at for at in range(leaf_space(spec)) if place_of(spec, at) is not None]
    stored = spec.stored_bytes // spec.dtype.size
    found = {"first": elements[0], "middle": elements[len(elements) // 2], "last": elements[-1]}
    between = set(range(elements[0], stored)) - set(elements)
    if between:
        found["row padding"] = min(between)
    if stored < leaf_space(spec):
        found["after the last row"] = stored
        found["last of the leaf space"] = leaf_space(spec) - 1
    return found
