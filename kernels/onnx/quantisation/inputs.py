"""The inputs of a model that its nodes read."""

import onnx


def without_unread_inputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """Returns the model without the inputs that nothing reads, which no calibration can be asked
    for.

    A model with subgraphs, which may read any of them, stays as it is.
    """
    graph = model.graph
    read = {name for node in graph.node for name in node.input}
    read |= {value.name for value in graph.output}
    kinds = {attribute.type for node in graph.node for attribute in node.attribute}
    if kinds & {onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS}:
        return model
    if all(value.name in read for value in graph.input):
        return model
    fewer = onnx.ModelProto()
    fewer.CopyFrom(model)
    del fewer.graph.input[:]
    fewer.graph.input.extend(value for value in graph.input if value.name in read)
    return fewer
