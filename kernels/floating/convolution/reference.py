"""NumPy twin of the two-dimensional convolution; images and filters have their channels last."""

from collections.abc import Sequence

import numpy as np

from kernels.floating.definition import Array, Dimensions, Settings, Stage, Tuning, Work, grid


def evaluate(inputs: Sequence[Array], settings: Settings) -> Sequence[Array]:
    """Returns the convolution, [N, OH, OW, O], of x[N, H, W, C] with weights[O, KH, KW, C] plus
    bias[O].

    x counts as zero outside its bounds.
    """
    x, weights, bias = inputs
    number = {name: int(value) for name, value in settings.items()}
    dimensions = dict(zip("HW", x.shape[1:3], strict=True))
    dimensions |= {"KH": weights.shape[1], "KW": weights.shape[2]}
    size = derive(dimensions, settings)
    padding = [(0, 0), *[(number[a], number[b]) for a, b in (("top", "bottom"), ("left", "right"))]]
    wide = np.pad(x, [*padding, (0, 0)])
    total = np.zeros((x.shape[0], size["OH"], size["OW"], weights.shape[0]), x.dtype) + bias
    for ky in range(weights.shape[1]):
        for kx in range(weights.shape[2]):
            rows = ky * number["dilation_height"] + number["stride_height"] * np.arange(size["OH"])
            columns = kx * number["dilation_width"] + number["stride_width"] * np.arange(size["OW"])
            total += wide[:, rows][:, :, columns] @ weights[:, ky, kx].T
    return [total]


def derive(dimensions: Dimensions, settings: Settings) -> Dimensions:
    """Returns OH and OW; raises ValueError when the window is larger than the padded image."""
    sizes = {}
    for axis, name, before, after in (
        ("H", "height", "top", "bottom"),
        ("W", "width", "left", "right"),
    ):
        extent = int(settings[f"dilation_{name}"]) * (dimensions[f"K{axis}"] - 1) + 1
        room = dimensions[axis] + int(settings[before]) + int(settings[after]) - extent
        if room < 0:
            raise ValueError(f"a window of {name} {extent} exceeds the padded image")
        sizes[f"O{axis}"] = room // int(settings[f"stride_{name}"]) + 1
    return sizes


def example(size: int, element_bytes: int) -> Dimensions:
    """Returns 3 by 3 filters from 64 to 64 channels on an image of size/16 by size/16."""
    edge = max(3, size // 16)
    return {"N": 1, "H": edge, "W": edge, "C": 64, "O": 64, "KH": 3, "KW": 3}


def work(dimensions: Dimensions, element_bytes: int) -> Work:
    """Returns the work: one multiplication and one addition per tap."""
    taps = dimensions["KH"] * dimensions["KW"] * dimensions["C"]
    return Work(flops=2 * naive_invocations(dimensions) * taps)


def stages(dimensions: Dimensions, tuning: Tuning) -> Sequence[Stage]:
    """Returns one dispatch, in which an invocation computes four pixels by eight filters."""
    pixels = dimensions["N"] * dimensions["OH"] * dimensions["OW"]
    invocations = -(-pixels // 4) * -(-dimensions["O"] // 8)
    return [Stage("main", grid(-(-invocations // tuning["WORKGROUP"])))]


def naive_invocations(dimensions: Dimensions) -> int:
    """Returns one invocation per output element."""
    return dimensions["N"] * dimensions["OH"] * dimensions["OW"] * dimensions["O"]
