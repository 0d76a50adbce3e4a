"""Resize and Upsample, and channels that move to space and back."""

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from kernels.onnx.exact.errors import LoweringError
from kernels.onnx.exact.gathering import selected
from kernels.onnx.exact.lowering import Lowering
from kernels.onnx.exact.network import HIGH, Node, Real
from kernels.onnx.exact.operators.linear import dense
from kernels.onnx.exact.operators.weights import Kernel
from kernels.onnx.exact.tensor import Tensor
from kernels.onnx.registration import operator

OPSET, IR_VERSION = 19, 9
# Attributes that decide where an output lies between two inputs.
COORDINATES = ("coordinate_transformation_mode", "nearest_mode")
MODES = ("nearest", "linear")
UNSUPPORTED = "tf_crop_and_resize"


@operator("Resize", "Upsample")
def resize(lowering: Lowering, node: Node) -> None:
    """Lowers nearest and linear resizing, axis by axis.

    Nearest reads constant positions. Linear is a product by a constant matrix with two weights per
    output; between two axes the result is rounded to the input's scale.
    """
    mode = node.attributes.get("mode", "nearest")
    coordinates = node.attributes.get("coordinate_transformation_mode", "half_pixel")
    if mode not in MODES or coordinates == UNSUPPORTED or node.attributes.get("antialias", 0):
        raise LoweringError(
            node.label,
            f"mode {mode!r} with {coordinates!r} has no exact form; use nearest or linear without "
            "antialias",
        )
    x = lowering.tensor(node)
    places = _places(lowering, node, x.shape)
    if mode == "nearest":
        x = lowering.copied(node) if places else x
        chosen = {axis: np.rint(at).astype(np.int64) for axis, at in places.items()}
        lowering.put(node, selected(lowering.emit, x, chosen))
        return
    x = lowering.int8(node) if places else x
    for number, (axis, at) in enumerate(places.items()):
        turned = x.viewed(np.moveaxis(x.layout, axis, -1))
        product = dense(lowering, turned, _between(at, x.shape[axis]))
        found = product.viewed(np.moveaxis(product.layout, -1, axis))
        x = found if number == len(places) - 1 else lowering.emit.int8(found, x.quantisation)
    lowering.put(node, x)


@operator("DepthToSpace")
def depth_to_space(lowering: Lowering, node: Node) -> None:
    """Lowers DepthToSpace in both modes: a view of six axes, stored as an image."""
    x = lowering.copied(node)
    size = int(node.attributes["blocksize"])
    count, channels, height, width = x.shape
    split = (size, size, channels // size**2)
    if node.attributes.get("mode", "DCR") == "DCR":
        seen = x.layout.reshape(count, *split, height, width).transpose(0, 4, 1, 5, 2, 3)
    else:
        seen = x.layout.reshape(count, split[2], size, size, height, width)
        seen = seen.transpose(0, 4, 2, 5, 3, 1)
    _stored(lowering, node, x, seen, (count, height * size, width * size, split[2]))


@operator("SpaceToDepth")
def space_to_depth(lowering: Lowering, node: Node) -> None:
    """Lowers SpaceToDepth, the inverse of DepthToSpace."""
    x = lowering.tensor(node)
    size = int(node.attributes["blocksize"])
    count, channels, height, width = x.shape
    down, across = height // size, width // size
    seen = x.layout.reshape(count, channels, down, size, across, size)
    seen = seen.transpose(0, 2, 4, 3, 5, 1)
    _stored(lowering, node, x, seen, (count, down, across, channels * size**2))


def _stored(
    lowering: Lowering, node: Node, x: Tensor, seen: np.ndarray, shape: tuple[int, ...]
) -> None:
    image = lowering.emit.arranged(x.viewed(seen), shape)
    lowering.put(node, image.viewed(np.moveaxis(image.layout, -1, 1)))


def _places(lowering: Lowering, node: Node, shape: tuple[int, ...]) -> dict[int, Real]:
    """Returns where each output lies along each axis that changes, in units of input elements.

    onnxruntime is asked for it: it resizes a ramp.
    """
    scales, sizes = _factors(lowering, node)
    axes = [int(each) % len(shape) for each in node.attributes.get("axes") or range(len(shape))]
    # onnxruntime copies an image whose size does not change, whatever the scales are.
    unchanged = not sizes and all(
        int(np.float32(scale) * np.float32(shape[axis])) == shape[axis]
        for axis, scale in zip(axes, scales, strict=True)
    )
    found: dict[int, Real] = {}
    for place, axis in enumerate(axes):
        scale = None if sizes else float(scales[place])
        size = int(sizes[place]) if sizes else None
        if scale == 1.0 or size == shape[axis] or unchanged:
            continue
        found[axis] = _ramp(node, shape[axis], scale, size)
    return found


def _factors(lowering: Lowering, node: Node) -> tuple[list[float], list[int]]:
    if "scales" in node.attributes:
        return [float(each) for each in node.attributes["scales"]], []
    if len(node.inputs) == 2:
        return [float(each) for each in lowering.real(node, 1)], []
    if lowering.has(node, 3):
        if node.attributes.get("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise LoweringError(node.label, "an aspect ratio that is kept; give the sizes instead")
        return [], lowering.integers(node, 3)
    return [float(each) for each in lowering.real(node, 2)], []


def _ramp(node: Node, length: int, scale: float | None, size: int | None) -> Real:
    attributes = {name: node.attributes[name] for name in COORDINATES if name in node.attributes}
    if len(node.inputs) < 3:
        # Upsample and the first Resize have one way only.
        attributes = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    # A second axis changes as well, so that the first is not copied.
    last = np.array([1, 1, 2, scale or size], np.float32 if size is None else np.int64)
    made = helper.make_node(
        "Resize",
        ["x", "", "by"] if size is None else ["x", "", "", "by"],
        ["y"],
        mode=node.attributes.get("mode", "nearest"),
        **attributes,
    )
    graph = helper.make_graph(
        [made],
        "ramp",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, (1, 1, 1, length))],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [numpy_helper.from_array(last, "by")],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    ramp = np.arange(length, dtype=np.float32).reshape(1, 1, 1, length)
    found = np.asarray(session.run(None, {"x": ramp})[0], np.float64)
    return np.asarray(found[0, 0, 0])


def _between(places: Real, length: int) -> Kernel:
    """Returns the weights [outputs, length] of linear interpolation at places 0..length − 1.

    Their unit is the fraction of 1 that meets the places best, so that most factors are exact.
    """
    low = np.clip(np.floor(places + 1e-4), 0, length - 1).astype(np.int64)
    share = np.clip(places - low, 0.0, 1.0)
    units = np.arange(1, HIGH + 1)
    errors = np.abs(np.rint(share * units[:, np.newaxis]) / units[:, np.newaxis] - share).max(
        axis=1
    )
    best = int(units[np.argmin(np.where(errors < errors.min() + 1e-4, units, np.inf))])
    upper = np.rint(share * best).astype(np.int16)
    values = np.zeros((len(places), length), np.int16)
    rows = np.arange(len(places))
    np.add.at(values, (rows, low), best - upper)
    np.add.at(values, (rows, np.minimum(low + 1, length - 1)), upper)
    return Kernel(values, np.full(len(places), 1.0 / best))
