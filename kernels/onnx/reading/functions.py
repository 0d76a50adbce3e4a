"""Bounds what a model's local functions expand to, before they are inlined."""

from collections.abc import Iterable, Iterator

import onnx

from kernels.onnx.reading.errors import ModelError, Reason
from kernels.onnx.reading.structure import MAX_NODES, subgraphs

Key = tuple[str, str, str]


def check_functions(model: onnx.ModelProto) -> None:
    """Raises ModelError when a function calls itself or functions expand beyond MAX_NODES."""
    bodies: dict[Key, onnx.FunctionProto] = {}
    for function in model.functions:
        key = (function.domain, function.name, function.overload)
        if key in bodies:
            raise ModelError(Reason.DUPLICATE_NAME, f"function {function.name!r} is defined twice")
        bodies[key] = function
    sizes: dict[Key, int] = {}
    for key in bodies:
        _measure(key, bodies, sizes)
    total = sum(sizes.get(_key(node), 1) for node in _nodes(model.graph.node))
    if total > MAX_NODES:
        raise ModelError(Reason.NODE_LIMIT, f"functions expand to {total} nodes, above {MAX_NODES}")


def _measure(root: Key, bodies: dict[Key, onnx.FunctionProto], sizes: dict[Key, int]) -> None:
    # Depth first without recursion, because a chain of functions may exceed Python's stack.
    open_now: set[Key] = set()
    stack = [root]
    while stack:
        key = stack[-1]
        if key in sizes:
            stack.pop()
            continue
        called = {_key(node) for node in _nodes(bodies[key].node)} & bodies.keys()
        missing = called - sizes.keys()
        if missing & (open_now | {key}):
            raise ModelError(Reason.CYCLE, f"function {key[1]!r} calls itself")
        if missing:
            open_now.add(key)
            stack.extend(missing)
            continue
        sizes[key] = sum(sizes.get(_key(node), 1) for node in _nodes(bodies[key].node))
        open_now.discard(key)
        stack.pop()


def _key(node: onnx.NodeProto) -> Key:
    return (node.domain, node.op_type, node.overload)


def _nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    pending = list(nodes)
    while pending:
        node = pending.pop()
        yield node
        for graph in subgraphs(node):
            pending.extend(graph.node)
