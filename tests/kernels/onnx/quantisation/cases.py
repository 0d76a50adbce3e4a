"""Small models whose exact graphs were wrong once, with samples and right values."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import parser

from kernels.trace.layout import Array

SHARED = Path(__file__).parents[4].parent / "shared" / "cases" / "onnx"
"""The cases as files, where they lie beside the repository."""


def parsed(text: str) -> onnx.ModelProto:
    """Returns a model of opset 17 from ONNX's textual form of a graph."""
    return parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Case:
    """A model, samples to calibrate on, one input and what the float model makes of it."""

    model: onnx.ModelProto
    calibration: dict[str, Array]
    inputs: dict[str, Array]
    right: Array


def slopes() -> Case:
    """PRelu whose channels have the slopes 0 and 1."""
    model = parsed(
        "prelu (float[1,2,1,2] x) => (float[1,2,1,2] y) "
        "<float[2,1,1] s = {0, 1}> { y = PRelu (x, s) }"
    )
    samples = np.linspace(0.2, 1, 8, dtype=np.float32)[:, np.newaxis]
    calibration = (samples * np.array([-1, 1, -1, 1], np.float32)).reshape(8, 2, 1, 2)
    x = np.array([-1, 1, -1, 1], np.float32).reshape(1, 2, 1, 2)
    right = np.array([0, 1, -1, 1], np.float32).reshape(1, 2, 1, 2)
    return Case(model, {"x": calibration}, {"x": x}, right)


def mask() -> Case:
    """A softmax whose scores have a mask of -1e9 added."""
    model = parsed(
        "mask (float[1,4] x) => (float[1,4] y) "
        "<float[4] m = {0, 0, -1e+09, 0}> { a = Add (x, m) y = Softmax <axis: int = -1> (a) }"
    )
    x = np.array([[-0.796, -0.487, -0.975, -0.62]], np.float32)
    right = np.array([[0.281, 0.383, 0, 0.335]], np.float32)
    return Case(model, {"x": normal(32, 4)}, {"x": x}, right)


def whole() -> Case:
    """A product whose calibration values are whole by chance."""
    model = parsed("whole (float[1,4] x) => (float[1,4] y) <float k = {0.5}> { y = Mul (x, k) }")
    x = np.array([[0.4, 0.6, 1.4, -0.4]], np.float32)
    calibration = np.random.default_rng(0).integers(-5, 6, (32, 4)).astype(np.float32)
    return Case(model, {"x": calibration}, {"x": x}, x / 2)


CASES = {
    "q_prelu_bcast_min": slopes,
    "q_softmax_mask_1e+09": mask,
    "q_intcal_integer_values": whole,
}
