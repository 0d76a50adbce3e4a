"""The layers that both networks are made of, as an exporter writes them."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kernels.trace.layout import Array

OPSET = 17
IR_VERSION = 8
INPUT, OUTPUT = "image", "scores"
CHANNELS = 3


class Layers:
    """A network under construction; every method returns the name of its output.

    Batch norms are merged into the convolutions, as exporters do. Weights are drawn so that the
    size of activations stays the same from layer to layer.
    """

    def __init__(self, name: str, size: int, classes: int, seed: int) -> None:
        self._name, self._size, self._classes = name, size, classes
        self._generator = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[TensorProto] = []
        self._channels = {INPUT: CHANNELS}

    def channels(self, x: str) -> int:
        """Returns how many channels a tensor has."""
        return self._channels[x]

    def convolution(
        self, x: str, filters: int, kernel: int, stride: int = 1, *, groups: int = 1
    ) -> str:
        """Adds a convolution with bias that keeps the size, but for its stride."""
        inputs, name = self._channels[x] // groups, f"conv{len(self._nodes)}"
        terms = inputs * kernel * kernel
        weight = self._drawn(f"{name}.weight", (filters, inputs, kernel, kernel), terms)
        bias = self._weight(f"{name}.bias", self._normal((filters,), 0.1))
        found = self._add(
            "Conv", name, x, weight, bias, kernel_shape=[kernel] * 2, strides=[stride] * 2,
            pads=[kernel // 2] * 4, group=groups, dilations=[1, 1],
        )  # fmt: skip
        self._channels[found] = filters
        return found

    def depthwise(self, x: str, stride: int) -> str:
        """Adds a convolution of 3 by 3 in which every channel has a filter of its own."""
        channels = self._channels[x]
        return self.convolution(x, channels, 3, stride, groups=channels)

    def clipped(self, x: str) -> str:
        """Adds an activation that keeps 0 to 6 (ReLU6)."""
        if all(each.name != "low" for each in self._weights):
            self._weight("low", np.array(0, np.float32))
            self._weight("high", np.array(6, np.float32))
        return self._same("Clip", x, "low", "high")

    def rectified(self, x: str) -> str:
        """Adds a ReLU."""
        return self._same("Relu", x)

    def added(self, a: str, b: str) -> str:
        """Adds the sum of two tensors of one shape."""
        return self._same("Add", a, b)

    def pooled(self, x: str) -> str:
        """Adds a max pool of 3 by 3 that halves the size."""
        return self._same("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)

    def classified(self, x: str) -> onnx.ModelProto:
        """Adds the mean of every channel and a dense layer, and returns the finished model."""
        mean = self._same("GlobalAveragePool", x)
        flat = self._same("Flatten", mean, axis=1)
        shape = (self._classes, self._channels[flat])
        weight = self._drawn("dense.weight", shape, shape[1])
        bias = self._weight("dense.bias", self._normal((self._classes,), 0.1))
        self._nodes.append(
            helper.make_node("Gemm", [flat, weight, bias], [OUTPUT], "dense", transB=1)
        )
        image = (1, CHANNELS, self._size, self._size)
        graph = helper.make_graph(
            self._nodes,
            self._name,
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, image)],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, (1, self._classes))],
            self._weights,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _same(self, kind: str, x: str, *others: str, **attributes: Any) -> str:
        found = self._add(kind, f"{kind.lower()}{len(self._nodes)}", x, *others, **attributes)
        self._channels[found] = self._channels[x]
        return found

    def _add(self, kind: str, name: str, *inputs: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def _drawn(self, name: str, shape: tuple[int, ...], terms: int) -> str:
        # He et al. 2015: a rectified sum of `terms` products keeps its variance.
        return self._weight(name, self._normal(shape, np.sqrt(2 / terms)))

    def _normal(self, shape: tuple[int, ...], deviation: float) -> Array:
        return self._generator.normal(0, deviation, shape).astype(np.float32)

    def _weight(self, name: str, array: Array) -> str:
        self._weights.append(numpy_helper.from_array(array, name))
        return name
