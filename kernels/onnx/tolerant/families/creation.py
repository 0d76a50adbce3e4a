"""Tensors that are made from shapes and attributes alone."""

from math import ceil

import numpy as np
from onnx import helper, numpy_helper

from kernels.onnx.registration import operator
from kernels.onnx.tolerant.element import ELEMENTS, FLOAT, INT64, Array, Element
from kernels.onnx.tolerant.node import Node, element_of
from kernels.onnx.tolerant.value import Value, on_host
from kernels.onnx.tolerant.wgsl import axis_index, literal


def constant(element: Element, value: float) -> str:
    """Returns WGSL for a number as a lane."""
    if element.is_float:
        return literal(float(value))
    return f"({int(value)}u)" if element.lane == "u32" else f"i32({int(value)})"


@operator("Constant")
def constant_node(node: Node) -> Value:
    """Lowers Constant to the tensor in its attribute."""
    array: Array
    if (tensor := node.attribute("value")) is not None:
        element = element_of(tensor.data_type, "Constant")
        return on_host(numpy_helper.to_array(tensor), element, static=True)
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32),
                        ("value_int", np.int64), ("value_ints", np.int64)):  # fmt: skip
        if (value := node.attribute(name)) is not None:
            array = np.array(value, dtype)
            return on_host(array, ELEMENTS[helper.np_dtype_to_tensor_dtype(array.dtype)], True)
    raise node.refuse("strings and sparse tensors are not supported")


@operator("Shape")
def shape(node: Node) -> Value:
    """Lowers Shape: the lengths of the axes."""
    value = node.input(0)
    end = node.attribute("end")
    found = value.shape[node.attribute("start", 0) : value.rank if end is None else end]
    return on_host(np.array(found, np.int64), ELEMENTS[INT64], static=True)


@operator("Size")
def size(node: Node) -> Value:
    """Lowers Size: the number of elements."""
    return on_host(np.array(node.input(0).size, np.int64), ELEMENTS[INT64], static=True)


@operator("ConstantOfShape")
def constant_of_shape(node: Node) -> Value:
    """Lowers ConstantOfShape: one value everywhere."""
    tensor = node.attribute("value")
    element, value = ELEMENTS[FLOAT], 0.0
    if tensor is not None:
        element = element_of(tensor.data_type, "ConstantOfShape")
        value = numpy_helper.to_array(tensor).reshape(()).item()
    bounds = (int(value), int(value)) if element.is_wide else None
    return node.emit([], node.ints(0), element, f"let r = {constant(element, value)};", bounds)


@operator("Range")
def arange(node: Node) -> Value:
    """Lowers Range: values from the start, by steps, up to the limit."""
    start, limit, step = (node.known(at).reshape(()).item() for at in range(3))
    count = max(ceil((limit - start) / step), 0)
    element = node.input(0).element
    if element.is_float:
        code = f"let r = {literal(start)} + f32(i) * {literal(step)};"
        return node.emit([], (count,), element, code)
    last = start + step * max(count - 1, 0)
    code = f"let r = {element.lane}(i32({start}) + i32(i) * i32({step}));"
    return node.emit([], (count,), element, code, (min(start, last), max(start, last)))


@operator("EyeLike")
def eye_like(node: Node) -> Value:
    """Lowers EyeLike: ones on a diagonal."""
    value = node.input(0)
    code = node.attribute("dtype")
    element = value.element if code is None else element_of(int(code), "EyeLike")
    row, column = axis_index("i", value.shape, 0), axis_index("i", value.shape, 1)
    test = f"i32({column}) - i32({row}) == {int(node.attribute('k', 0))}"
    one, zero = constant(element, 1), constant(element, 0)
    return node.emit([], value.shape, element, f"let r = select({zero}, {one}, {test});", (0, 1))


@operator("OneHot")
def one_hot(node: Node) -> Value:
    """Lowers OneHot: the on value where the new axis equals the index, else the off value."""
    indices, depth, values = node.input(0), node.ints(1)[0], node.input(2)
    axis = int(node.attribute("axis", -1))
    axis += indices.rank + 1 if axis < 0 else 0
    out = (*indices.shape[:axis], depth, *indices.shape[axis:])
    inner = int(np.prod(out[axis + 1 :], dtype=np.int64))
    at = f"i / {depth * inner}u * {inner}u + i % {inner}u"
    index = f"i32($0[{at}])"
    code = f"let k = {index}; let j = select(k, k + {depth}, k < 0); "
    code += f"let r = $1[select(0u, 1u, j == i32({axis_index('i', out, axis)}))];"
    return node.emit([indices, values], out, values.element, code, node.union(values))


def _window(coefficients: tuple[float, ...]) -> str:
    terms = [literal(coefficients[0])]
    terms += [f"{literal(c)} * cos_({k}.0 * t)" for k, c in enumerate(coefficients[1:], 1)]
    return " + ".join(terms)


@operator("HannWindow", "HammingWindow", "BlackmanWindow")
def window(node: Node) -> Value:
    """Lowers cosine windows with the coefficients that ONNX defines."""
    length = node.ints(0)[0]
    element = element_of(int(node.attribute("output_datatype", FLOAT)), node.operator)
    node.floating(Value((), element))
    steps = length if node.attribute("periodic", 1) else length - 1
    coefficients = {
        "HannWindow": (0.5, -0.5),
        "HammingWindow": (25 / 46, -21 / 46),
        "BlackmanWindow": (0.42, -0.5, 0.08),
    }[node.operator]
    code = f"let t = 6.2831853 * f32(i) / {literal(steps)}; "
    return node.emit([], (length,), element, code + f"let r = {_window(coefficients)};")
