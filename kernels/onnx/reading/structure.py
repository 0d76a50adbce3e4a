"""Checks how the nodes of a graph are connected by names."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import onnx

from kernels.onnx.reading.errors import ModelError, Reason

MAX_NODES = 100_000
MAX_NESTING = 8


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yields the graphs in a node's attributes."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def check_structure(model: onnx.ModelProto) -> None:
    """Raises ModelError unless every name is defined once and before its use, without cycles."""
    _Walk().graph(model.graph, frozenset(), 1)


class _Walk:
    def __init__(self) -> None:
        self._nodes = 0

    def graph(self, graph: onnx.GraphProto, outer: frozenset[str], depth: int) -> None:
        if depth > MAX_NESTING:
            raise ModelError(Reason.NESTING_LIMIT, f"graphs nest deeper than {MAX_NESTING}")
        self._nodes += len(graph.node)
        if self._nodes > MAX_NODES:
            raise ModelError(Reason.NODE_LIMIT, f"more than {MAX_NODES} nodes")
        known = _given(graph)
        makers: dict[str, int] = {}
        for index, node in enumerate(graph.node):
            for name in filter(None, node.output):
                if name in makers or name in known or name in outer:
                    raise ModelError(Reason.DUPLICATE_NAME, f"{name!r} is defined twice")
                makers[name] = index
        for index, node in enumerate(graph.node):
            _check_inputs(graph, index, makers, known | outer)
            inner = frozenset(known | outer | {n for n in makers if makers[n] < index})
            for body in subgraphs(node):
                self.graph(body, inner, depth + 1)
        for output in graph.output:
            if output.name not in known and output.name not in makers and output.name not in outer:
                raise ModelError(
                    Reason.UNDEFINED_INPUT, f"output {output.name!r} is not made by any node"
                )


def _check_inputs(
    graph: onnx.GraphProto, index: int, makers: dict[str, int], known: AbstractSet[str]
) -> None:
    node = graph.node[index]
    for name in filter(None, node.input):
        if name in known:
            continue
        if name not in makers:
            raise ModelError(
                Reason.UNDEFINED_INPUT, f"{label(node)} reads {name!r}, which no node makes"
            )
        if makers[name] >= index:
            raise _unsorted(graph, makers, index, name)


def label(node: onnx.NodeProto) -> str:
    """Returns the name of a node in messages."""
    return f"{node.op_type} {node.name!r}" if node.name else node.op_type


def _given(graph: onnx.GraphProto) -> set[str]:
    inputs = [value.name for value in graph.input]
    held = [tensor.name for tensor in graph.initializer]
    held += [sparse.values.name for sparse in graph.sparse_initializer]
    for names in (inputs, held):
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise ModelError(Reason.DUPLICATE_NAME, f"{name!r} is defined twice")
            seen.add(name)
    # An initialiser with the name of an input is that input's default.
    return {*inputs, *held}


def _unsorted(graph: onnx.GraphProto, makers: dict[str, int], index: int, name: str) -> ModelError:
    pending, seen = [makers[name]], set()
    while pending:
        at = pending.pop()
        if at == index:
            return ModelError(Reason.CYCLE, f"{label(graph.node[index])} depends on its own output")
        if at in seen:
            continue
        seen.add(at)
        pending.extend(makers[each] for each in graph.node[at].input if each in makers)
    return ModelError(
        Reason.NOT_SORTED, f"{label(graph.node[index])} reads {name!r} before it is made"
    )
