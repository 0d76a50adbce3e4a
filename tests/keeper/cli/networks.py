"""A model of two inputs and three outputs, one of integers, as files of a buyer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kernels.trace.layout import Array
from tests.kernels.onnx.models import floats, model

ROWS = 8


def classifier() -> onnx.ModelProto:
    """Returns hidden = relu(a + b), scores = hidden @ w, class = argmax(scores).

    A third input has no effect.
    """
    weights = np.random.default_rng(5).standard_normal((16, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Add", ["a", "b"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["hidden/relu"]),
        helper.make_node("MatMul", ["hidden/relu", "w"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["class"], axis=1, keepdims=0),
    ]
    outputs = [
        floats("scores", ROWS, 4),
        helper.make_tensor_value_info("class", TensorProto.INT64, [ROWS]),
        floats("hidden/relu", ROWS, 16),
    ]
    inputs = [floats("a", ROWS, 16), floats("b", ROWS, 16), floats("mask", 3)]
    return model(nodes, inputs, outputs, [numpy_helper.from_array(weights, "w")])


@dataclass(frozen=True, slots=True)
class Files:
    """The model, one sample of its inputs and a calibration set, in a folder."""

    root: Path
    feeds: dict[str, Array]

    @classmethod
    def written(cls, root: Path) -> "Files":
        """Returns the files once they are in the folder."""
        random = np.random.default_rng(3)
        samples = {name: random.standard_normal((4 * ROWS, 16)).astype(np.float32) for name in "ab"}
        onnx.save(classifier(), root / "model.onnx")
        np.savez(root / "samples.npz", allow_pickle=False, **samples)
        feeds = {name: array[:ROWS] for name, array in samples.items()}
        feeds["mask"] = np.zeros(3, np.float32)
        for name, array in feeds.items():
            np.save(root / f"{name}.npy", array)
        return cls(root, feeds)

    @property
    def inputs(self) -> list[str]:
        """The options that name the model's inputs."""
        return [
            option
            for name in ("b", "a")
            for option in ("--input", f"{name}={self.root / name}.npy")
        ]
