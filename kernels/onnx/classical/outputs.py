"""Leaves only tensors of numbers among a model's outputs."""

import onnx
from onnx import TensorProto

from kernels.onnx.reading.structure import subgraphs

Attributes = dict[str, onnx.AttributeProto]


def tensors_only(model: onnx.ModelProto) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """Returns the model without outputs that no job has, and a sentence about each change.

    A ZipMap, which makes a list of dictionaries, gives way to the table of numbers that it reads.
    Texts, which name classes, are left out where other outputs remain.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    zipped = {
        port.name: makers[port.name]
        for port in model.graph.output
        if port.name in makers and makers[port.name].op_type == "ZipMap"
    }
    texts = [port.name for port in model.graph.output if _is_text(port)]
    if len(texts) == len(model.graph.output):
        texts = []
    if not zipped and not texts:
        return model, ()
    found = onnx.ModelProto()
    found.CopyFrom(model)
    del found.graph.output[:]
    told = []
    for port in model.graph.output:
        if port.name in zipped:
            table = zipped[port.name].input[0]
            found.graph.output.append(_table(table, zipped[port.name]))
            told.append(
                f"output {port.name!r} is given as the table {table!r}, whose columns are the "
                f"classes {_classes(zipped[port.name])}"
            )
        elif port.name in texts:
            told.append(
                f"output {port.name!r} holds texts and is left out{_hint(makers.get(port.name))}"
            )
        else:
            found.graph.output.append(port)
    _prune(found.graph)
    return found, tuple(told)


def _is_text(port: onnx.ValueInfoProto) -> bool:
    return port.type.tensor_type.elem_type == TensorProto.STRING


def _table(name: str, node: onnx.NodeProto) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, len(_labels(node))])


def _labels(node: onnx.NodeProto) -> list[str]:
    return [
        each.decode() if isinstance(each, bytes) else str(each)
        for attribute in node.attribute
        if attribute.name.startswith("classlabels_")
        for each in (*attribute.strings, *attribute.ints)
    ]


def _classes(node: onnx.NodeProto) -> str:
    labels = _labels(node)
    return ", ".join(labels[:8]) + (", ..." if len(labels) > 8 else "")


def _hint(node: onnx.NodeProto | None) -> str:
    return "" if node is None or not _labels(node) else f"; its classes are {_classes(node)}"


def _prune(graph: onnx.GraphProto) -> None:
    """Removes the nodes that no output depends on."""
    wanted = {port.name for port in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if any(name in wanted for name in node.output):
            kept.append(node)
            wanted.update(_read(node))
    del graph.node[:]
    graph.node.extend(reversed(kept))


def _read(node: onnx.NodeProto) -> set[str]:
    found = set(node.input)
    for body in subgraphs(node):
        for inner in body.node:
            found |= _read(inner)
        found |= {port.name for port in body.output}
    return found
